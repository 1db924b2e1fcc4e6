# Databricks notebook source
# MAGIC %md
# MAGIC # Deploy Tellr
# MAGIC
# MAGIC Puts Tellr into this workspace: database, files, app, schema and grants, running and healthy. Run the first two cells, then
# MAGIC **one** of the ways below. All of them use this notebook's own sign-in.

# COMMAND ----------

# MAGIC %pip install "databricks-tellr[widget]>=1"

# COMMAND ----------

import databricks_tellr as tellr

# COMMAND ----------

# MAGIC %md
# MAGIC ## A page in this notebook
# MAGIC
# MAGIC The kernel makes the page's calls: the page never sees a token. It shows a plan before anything changes.

# COMMAND ----------

shown = tellr.ui()

# COMMAND ----------

# MAGIC %md
# MAGIC ## A page in a window of its own, on a classic cluster
# MAGIC
# MAGIC Where widgets do not work: `tellr ui` runs on the driver, and the cluster's proxy shows it. Whoever can read the link and may
# MAGIC attach to the cluster can use it, so end it when you are done. Serverless compute has no such proxy.

# COMMAND ----------

shown = tellr.ui(mode="driver-proxy")

# COMMAND ----------

# MAGIC %md
# MAGIC ## The page alone
# MAGIC
# MAGIC By `displayHTML`. It can only do what the browser and the workspace let a page of another origin do, which usually is nothing;
# MAGIC it says so.

# COMMAND ----------

shown = tellr.ui(mode="html")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Without a page

# COMMAND ----------

tellr.create(
    lakebase_name="tellr-db",
    schema_name="app_data",
    app_name="tellr",
    app_file_workspace_path="/Workspace/Users/me@example.com/.apps/tellr",
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The end
# MAGIC
# MAGIC The page ends with this notebook's kernel, when another one is shown, or here.

# COMMAND ----------

shown.close()
