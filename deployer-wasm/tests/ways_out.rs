//! A deployment in other words, and back.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::expect_used, reason = "a test ends where it cannot go on")]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use databricks::apps::{AppAccessControlRequest, AppPermissionLevel};
use deployer_wasm::spec::{RawSpec, SchemaSetup};
use deployer_wasm::ways_out::{
    Form, Operation, Written, bundle, command, environments, form_of, notebook, read,
};
use proptest::prelude::*;

fn typical() -> RawSpec {
    let values = [
        ("app_name", "tellr"),
        ("lakebase_name", "tellr-db"),
        ("schema_name", "app_data"),
        ("app_file_workspace_path", "/Workspace/Users/me@example.com/.apps/tellr"),
        ("description", "Tellr for the data team's \"decks\""),
        ("app_compute", "LARGE"),
        ("app_version", "1.4.2"),
    ];
    RawSpec {
        values: values.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        env: BTreeMap::from([("GREETING".to_owned(), "it's $HOME, \"quoted\" # and all".to_owned())]),
        permissions: vec![
            AppAccessControlRequest {
                group_name: Some("users".into()),
                permission_level: Some(AppPermissionLevel::CanUse),
                ..AppAccessControlRequest::default()
            },
            AppAccessControlRequest {
                user_name: Some("me@example.com".into()),
                permission_level: Some(AppPermissionLevel::CanManage),
                ..AppAccessControlRequest::default()
            },
        ],
        ..RawSpec::default()
    }
}

fn update() -> RawSpec {
    RawSpec { reset_database: true, prune: true, ..typical() }
}

#[test]
fn each_form_as_people_read_it() {
    insta::assert_snapshot!("command", command::write(Operation::Update, &update()).text);
    insta::assert_snapshot!("notebook", notebook::write(Operation::Update, &update()).text);
    insta::assert_snapshot!("environments", environments::write("production", &typical()).text);
    let printed = bundle::write(&typical()).expect("valid");
    insta::assert_snapshot!("bundle_autoscaling", printed.databricks_yml.text);
    insta::assert_debug_snapshot!("bundle_notes", printed.databricks_yml.notes);
    let names: Vec<&str> = printed.app.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["app.yaml", "requirements.txt"]);
    let mut provisioned = RawSpec { permissions: Vec::new(), ..typical() };
    provisioned.values.insert("lakebase_type".into(), "provisioned".into());
    insta::assert_snapshot!(
        "bundle_provisioned",
        bundle::write(&provisioned).expect("valid").databricks_yml.text
    );
}

#[test]
fn what_a_form_cannot_say_is_noted() {
    let create = command::write(Operation::Create, &update());
    assert_eq!(create.notes.len(), 2, "{:?}", create.notes);
    assert!(!create.text.contains("reset") && !create.text.contains("prune"));
    let file = environments::write("x", &update());
    assert_eq!(file.notes.len(), 2, "{:?}", file.notes);
    let printed = bundle::write(&update()).expect("valid").databricks_yml.notes.join("\n");
    for key in ["`reset_database`", "`prune`", "schema", "bind", "own folder", "Autoscaling"] {
        assert!(printed.contains(key), "{key}: {printed}");
    }
}

#[test]
fn a_form_is_told_by_its_text() {
    for (form, Written { text, .. }) in [
        (Form::Command, command::write(Operation::Create, &typical())),
        (Form::Notebook, notebook::write(Operation::Create, &typical())),
        (Form::Environments, environments::write("x", &typical())),
        (Form::Bundle, bundle::write(&typical()).expect("valid").databricks_yml),
    ] {
        assert_eq!(form_of(&text), form, "{text}");
        assert_eq!(form_of(&format!("# a comment\n\n{text}")), form);
    }
    assert_eq!(form_of("/usr/bin/tellr create"), Form::Command);
    assert_eq!(form_of("environments:\n  x: {app_name: tellr}\n"), Form::Environments);
    assert_eq!(form_of(""), Form::Environments);
}

// --- what people write by hand ---

#[test]
fn a_command_of_a_person_is_read() {
    let text = "# how we deploy\n/opt/bin/tellr create --app-name=tellr --lakebase-name \"tellr\"-db \\\n  --schema-name app\\_data --app-file-workspace-path '/Workspace/Shared/tellr' --yes --profile prod extra # end\n";
    let back = read(text, "x", None).expect("readable");
    assert_eq!(back.operation, Some(Operation::Create));
    let values = [
        ("app_name", "tellr"),
        ("lakebase_name", "tellr-db"),
        ("schema_name", "app_data"),
        ("app_file_workspace_path", "/Workspace/Shared/tellr"),
    ];
    assert_eq!(back.raw.values, values.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!(back.ignored, ["--yes", "--profile", "prod", "extra"]);
}

#[test]
fn what_a_shell_would_evaluate_is_refused() {
    for (rest, reason) in [
        ("--app-name $(id)", "`$` would be evaluated"),
        ("--app-name \"$HOME\"", "`$` would be evaluated"),
        ("--app-name `id`", "would be evaluated"),
        ("--app-name tellr; rm -rf /", "`;` would do more"),
        ("--app-name tellr && reboot", "`&` would do more"),
        ("--app-name tellr | tee x", "`|` would do more"),
        ("--app-name tellr > x", "`>` would do more"),
        ("--app-name x*", "`*` outside of quotes"),
        ("--app-name ~/x", "`~` outside of quotes"),
        ("--app-name tellr\nreboot", "more than one command"),
        ("--app-name 'tellr", "no end"),
        ("--app-name \"tellr", "no end"),
        ("--app-name \\", "a backslash stands at the end"),
        ("--app-name", "--app-name has no value"),
        ("--config - <<EOF\nx\nEOF\n", "only a here-document with quotes"),
        ("--config - <<'EOF'\nx\n", "the here-document has no end"),
        ("--config -", "has no here-document"),
        ("<<'EOF'\nEOF\n", "no `--config -`"),
    ] {
        let error = read(&format!("tellr create {rest}"), "x", None).expect_err(rest);
        assert!(error.message.contains(reason), "{rest}: {}", error.message);
    }
    assert!(read("tellr delete --app-name x", "x", None).expect_err("delete").message.contains("\"delete\""));
}

#[test]
fn a_cell_of_a_person_is_read() {
    let text = r#"
%pip install -q databricks-tellr databricks-sdk==0.73.0
dbutils.library.restartPython()
import databricks_tellr as t  # the deployer
import os

path = f"/Workspace/Users/{user}/x"
result = t.update(
    'tellr', "/Workspace/Shared/tellr", lakebase_name=("tellr" '-db'),
    schema_name="""app_data""", app_version=None,  # the newest
    reset_database=True, client=WorkspaceClient(host="x, y", token=os.environ["T"]),
    env_vars={"LEVEL": r"a\b", 'N': 1_000}, permissions=[{"group_name": "users", "permission_level": "CAN_USE"}],
    mlflow_tracing={"uc_catalog": "main", "other": "x"}, unknown=1,
)
print(result["url"])
"#;
    let back = read(text, "x", None).expect("readable");
    assert_eq!(back.operation, Some(Operation::Update));
    let values = [
        ("app_name", "tellr"),
        ("app_file_workspace_path", "/Workspace/Shared/tellr"),
        ("lakebase_name", "tellr-db"),
        ("schema_name", "app_data"),
    ];
    assert_eq!(back.raw.values, values.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert!(back.raw.reset_database);
    let env = [("LEVEL", "a\\b"), ("N", "1000"), ("TELLR_MLFLOW_UC_CATALOG", "main")];
    assert_eq!(back.raw.env, env.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!(back.raw.permissions.len(), 1);
    let ignored = [
        "%pip install -q databricks-tellr databricks-sdk==0.73.0",
        "dbutils.library.restartPython()",
        "import os",
        "path = f\"/Workspace/Users/{user}/x\"",
        "client",
        "mlflow_tracing.other",
        "unknown",
        "print(result[\"url\"])",
    ];
    assert_eq!(back.ignored, ignored);
}

#[test]
fn what_python_would_evaluate_is_refused() {
    for (arguments, reason) in [
        ("app_name=name", "`app_name`: \"name)\" is no literal"),
        ("app_name=f\"{x}\"", "`app_name`: an f-string would be evaluated"),
        ("app_name=\"a\" + \"b\"", "`,` or `)` is missing after `app_name`"),
        ("app_name=open(\"/etc/passwd\").read()", "is no literal"),
        ("**settings", "is no literal"),
        ("app_name=\"a", "a text has no end"),
        ("app_name=\"\\N{DASH}\"", "the escape \\N is not read"),
        ("app_name=\"\\ud800\"", "an escape in a text is no character"),
        ("app_name=1", "must be a text"),
        ("reset_database=\"yes\"", "a value of another kind"),
        ("env_vars={1: \"x\"}", "a dictionary's key is no text"),
        ("env_vars={\"A\": [1]}", "is no text"),
        ("permissions=[1]", "an entry is no dictionary"),
        ("\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\"", "too many arguments"),
    ] {
        let error = read(&format!("import databricks_tellr as tellr\ntellr.create({arguments})"), "x", None);
        let error = error.expect_err(arguments);
        assert!(error.message.contains(reason), "{arguments}: {}", error.message);
    }
    let deep = format!("import databricks_tellr\ndatabricks_tellr.create(env_vars={})", "[".repeat(100_000));
    assert!(read(&deep, "x", None).expect_err("deep").message.contains("nested too deeply"));
    let twice = "tellr.create(app_name=\"a\")\ntellr.create(app_name=\"b\")\n";
    assert!(read(twice, "x", None).expect_err("twice").message.contains("more than once"));
    assert!(read("%pip install x\nprint(1)", "x", None).expect_err("none").message.contains("calls neither"));
}

#[test]
fn a_bundle_of_a_person_is_read() {
    let text = r"
bundle: {name: ours, databricks_cli_version: '>=0.280'}
include: [resources/*.yml]
targets: {dev: {default: true}}
variables: {team: {default: x}}
resources:
  jobs: {job: {name: x}}
  apps:
    my_app:
      name: tellr
      source_code_path: ./src
      compute_size: XLARGE
      budget_policy_id: b
      config:
        command: [python, app.py]
        env:
          - {name: LAKEBASE_SCHEMA, value: app_data}
          - {name: LAKEBASE_INSTANCE, value: tellr-db}
          - {name: RETRIES, value: 3}
          - {name: WAREHOUSE, value_from: warehouse}
      user_api_scopes: [sql, files.files]
      resources:
        - {name: db, postgres: {branch: projects/tellr-db/branches/production, database: x, permission: CAN_CONNECT_AND_CREATE}}
        - {name: warehouse, sql_warehouse: {id: w, permission: CAN_USE}}
      permissions: [{group_name: users, level: CAN_USE}]
";
    let back = read(text, "x", None).expect("readable");
    assert_eq!(back.form, Form::Bundle);
    let values = [
        ("app_name", "tellr"),
        ("app_compute", "XLARGE"),
        ("schema_name", "app_data"),
        ("lakebase_name", "tellr-db"),
        ("lakebase_type", "autoscaling"),
        ("schema_setup", "app"),
    ];
    assert_eq!(back.raw.values, values.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    assert_eq!(back.raw.env, BTreeMap::from([("RETRIES".to_owned(), "3".to_owned())]));
    assert_eq!(back.raw.permissions, typical().permissions[..1]);
    let ignored = [
        "bundle.databricks_cli_version",
        "include",
        "resources.apps.my_app.budget_policy_id",
        "resources.apps.my_app.config.command",
        "resources.apps.my_app.config.env.WAREHOUSE",
        "resources.apps.my_app.resources.warehouse",
        "resources.apps.my_app.user_api_scopes: \"files.files\"",
        "resources.jobs",
        "targets",
        "variables.team",
    ];
    assert_eq!(back.ignored, ignored);
}

#[test]
fn bundles_that_cannot_be_read_say_why() {
    for (text, reason) in [
        ("bundle: [", "cannot be read"),
        ("bundle: {name: x}", "no app"),
        (
            "bundle:\nresources: {apps: {a: {name: a}, b: {name: b}}}",
            "more than one entry in `resources.apps`: a, b",
        ),
        ("bundle:\nresources: {apps: {a: {name: '${var.name}'}}}", "references are not followed"),
        (
            "bundle:\nresources: {apps: {a: {name: x, config: {env: [{name: A, value: '${var.a}'}]}}}}",
            "references are not followed",
        ),
        (
            "bundle:\nresources: {postgres_projects: {a: {project_id: x}}, database_instances: {b: {name: y}}, apps: {}}",
            "both a `postgres_projects` and",
        ),
    ] {
        let error = read(text, "x", None).expect_err(text);
        assert!(error.message.contains(reason), "{text}: {}", error.message);
    }
    let mut with_reference = typical();
    with_reference.env.insert("A".into(), "${var.x}".into());
    assert_eq!(bundle::write(&with_reference).expect_err("a reference")[0].field, "env_vars");
}

#[test]
fn a_huge_text_is_not_read() {
    assert!(read(&"#".repeat(300 * 1024), "x", None).expect_err("huge").message.contains("307200 bytes"));
}

// --- what other programs make of the texts ---

/// The arguments and the standard input that a real shell gives to `tellr`.
fn as_a_shell_reads(text: &str) -> (Vec<String>, String) {
    let script = format!(
        "tellr() {{ for word; do printf '%s\\0' \"$word\"; done; printf '\\0\\0'; case \"$*\" in *'--config -'*) cat;; esac; }}\n{text}"
    );
    let output = Command::new("sh").args(["-c", &script]).output().expect("sh");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let (words, input) = stdout.split_once("\0\0\0").expect("the end of the words");
    (words.split('\0').map(str::to_owned).collect(), input.to_owned())
}

const AS_PYTHON: &str = r#"
import ast, json, sys
cells = json.load(sys.stdin)
read = []
for cell in cells:
    lines = [line for line in cell.split("\n") if not line.startswith("%")]
    call = ast.parse("\n".join(lines)).body[-1].value
    assert ast.unparse(call.func) in ("tellr.create", "tellr.update"), ast.unparse(call.func)
    read.append({keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords})
json.dump(read, sys.stdout)
"#;

/// The keyword arguments of cells, as Python reads them.
fn as_python_reads(cells: &[String]) -> Vec<serde_json::Value> {
    let child =
        Command::new("python3").args(["-c", AS_PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("python3");
    let input = serde_json::to_vec(cells).expect("JSON");
    child.stdin.take().expect("a pipe").write_all(&input).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Values that quoting may stumble over.
const AWKWARD: [&str; 16] = [
    "",
    " ",
    "'",
    "\"",
    "''\"\"'",
    "a'b",
    "$HOME `id` $(id) \\",
    "two\nlines",
    "TELLR",
    "TELLR\nTELLR\n",
    "-x",
    "--yes",
    "a\tb\\n",
    "ä \u{1f980} \u{2028}",
    "# no comment",
    "~",
];

fn awkward() -> Vec<RawSpec> {
    let with = |value: &str| {
        let mut raw = typical();
        raw.values.insert("description".into(), value.into());
        raw.env.insert("VALUE".into(), value.into());
        raw
    };
    AWKWARD.iter().map(|value| with(value)).collect()
}

#[test]
fn a_shell_takes_the_command_as_it_is_meant() {
    for raw in awkward() {
        let (words, input) = as_a_shell_reads(&command::write(Operation::Create, &raw).text);
        let at = words.iter().position(|word| word == "--description").expect("the flag");
        assert_eq!(words[at + 1], raw.values["description"]);
        let file = read(&input, "command", None).expect("a deployment file");
        assert_eq!(file.raw.env, raw.env);
        assert_eq!(file.raw.permissions, raw.permissions);
    }
}

#[test]
fn python_takes_the_cell_as_it_is_meant() {
    let specs = awkward();
    let cells: Vec<String> = specs.iter().map(|raw| notebook::write(Operation::Create, raw).text).collect();
    for (raw, seen) in specs.iter().zip(as_python_reads(&cells)) {
        let mut expected = serde_json::json!(raw.values);
        expected["env_vars"] = serde_json::json!(raw.env);
        expected["permissions"] = serde_json::json!(raw.permissions);
        assert_eq!(seen, expected);
    }
}

/// Keys of the bundle's JSON schema, for what no installable package checks: the Postgres project.
const PROJECT_KEYS: [&str; 5] =
    ["default_endpoint_settings", "display_name", "lifecycle", "pg_version", "project_id"];

#[test]
fn the_project_in_a_bundle_has_keys_of_the_schema_only() {
    let text = bundle::write(&typical()).expect("valid").databricks_yml.text;
    let file: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
    let project = &file["resources"]["postgres_projects"]["database"];
    let mut keys: Vec<&str> = project.as_object().expect("a mapping").keys().map(String::as_str).collect();
    // a mapping keeps or sorts its keys, as the whole build decides
    keys.sort_unstable();
    assert_eq!(keys, PROJECT_KEYS);
    assert_eq!(project["pg_version"], 17);
    assert_eq!(
        project["default_endpoint_settings"],
        serde_json::json!({"autoscaling_limit_min_cu": 0.5, "autoscaling_limit_max_cu": 2.0})
    );
    assert_eq!(project["lifecycle"], serde_json::json!({"prevent_destroy": true}));
    assert_eq!(file["variables"]["tellr_settings"]["type"], "complex");
}

// --- there and back ---

const KEYS: [&str; 12] = [
    "app_name",
    "lakebase_name",
    "schema_name",
    "app_file_workspace_path",
    "lakebase_type",
    "lakebase_compute",
    "app_compute",
    "app_version",
    "local_wheel_path",
    "local_binary_path",
    "description",
    "schema_setup",
];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[^\0]{0,20}",
        "(?s)[^\0]{0,30}",
        prop::sample::select(AWKWARD.to_vec()).prop_map(str::to_owned)
    ]
}

fn any_permission() -> impl Strategy<Value = AppAccessControlRequest> {
    let level = prop::sample::select(vec![AppPermissionLevel::CanUse, AppPermissionLevel::CanManage]);
    (0_u8..3, any_text(), level).prop_map(|(kind, name, level)| {
        let mut request = AppAccessControlRequest { permission_level: Some(level), ..Default::default() };
        match kind {
            0 => request.user_name = Some(name),
            1 => request.group_name = Some(name),
            _ => request.service_principal_name = Some(name),
        }
        request
    })
}

/// Settings with any texts at all, for an operation that has them.
fn any_settings() -> impl Strategy<Value = (Operation, RawSpec)> {
    let values = prop::collection::btree_map(
        prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned),
        any_text(),
        0..8,
    );
    let env = prop::collection::btree_map("X[A-Z0-9_]{0,8}", any_text(), 0..4);
    let permissions = prop::collection::vec(any_permission(), 0..3);
    (any::<bool>(), values, env, permissions, any::<bool>(), any::<bool>()).prop_map(
        |(is_update, mut values, env, permissions, reset_database, prune)| {
            let raw = RawSpec { env, permissions, ..RawSpec::default() };
            if is_update {
                values.remove("lakebase_compute");
                (Operation::Update, RawSpec { values, reset_database, prune, ..raw })
            } else {
                (Operation::Create, RawSpec { values, ..raw })
            }
        },
    )
}

/// Settings that pass all checks.
fn valid_settings() -> impl Strategy<Value = RawSpec> {
    let values = (
        "[a-z][a-z0-9]{0,10}",
        "[a-z][a-z0-9-]{0,10}[a-z0-9]",
        "[a-z_][a-z0-9_]{2,10}x",
        prop::sample::select(vec!["CU_1", "CU_2", "CU_4", "CU_8"]),
        prop::option::of(prop::sample::select(vec!["autoscaling", "provisioned"])),
        "[^\\p{C}$]{1,30}",
        prop::option::of("[0-9][0-9.]{0,5}"),
    );
    let env = prop::collection::btree_map("X[A-Z0-9_]{0,8}", "[^\\p{C}$]{0,30}", 0..4);
    let permissions = prop::collection::vec(any_permission(), 0..3)
        .prop_filter("a bundle replaces references", |all| !format!("{all:?}").contains("${"));
    (values, env, permissions).prop_map(|(values, env, permissions)| {
        let (app, lakebase, schema, compute, kind, description, version) = values;
        let mut all: BTreeMap<String, String> = [
            ("app_name", app),
            ("lakebase_name", lakebase),
            ("schema_name", schema),
            ("app_file_workspace_path", "/Workspace/Shared/tellr".to_owned()),
            ("lakebase_compute", compute.to_owned()),
            ("description", description),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        all.extend(kind.map(|kind| ("lakebase_type".to_owned(), kind.to_owned())));
        all.extend(version.map(|version| ("app_version".to_owned(), version)));
        RawSpec { values: all, env, permissions, ..RawSpec::default() }
    })
}

proptest! {
    #[test]
    fn a_command_says_everything((operation, raw) in any_settings()) {
        let written = command::write(operation, &raw);
        prop_assert_eq!(&written.notes, &Vec::<String>::new());
        let back = read(&written.text, "x", None).expect(&written.text);
        prop_assert_eq!((back.operation, &back.raw, back.ignored), (Some(operation), &raw, vec![]), "{}", written.text);
    }

    #[test]
    fn a_cell_says_everything((operation, raw) in any_settings()) {
        let written = notebook::write(operation, &raw);
        prop_assert_eq!(&written.notes, &Vec::<String>::new());
        let back = read(&written.text, "x", None).expect(&written.text);
        prop_assert_eq!((back.operation, &back.raw, back.ignored), (Some(operation), &raw, vec![]), "{}", written.text);
    }

    #[test]
    fn a_file_says_everything_but_the_moment((_, raw) in any_settings()) {
        let written = environments::write("x", &raw);
        let back = read(&written.text, "x", None).expect(&written.text);
        let expected = RawSpec { reset_database: false, prune: false, ..raw };
        prop_assert_eq!((&back.raw, back.ignored), (&expected, vec![]), "{}", written.text);
    }

    #[test]
    fn a_bundle_means_the_same_deployment(raw in valid_settings()) {
        // some names are reserved
        prop_assume!(raw.create().is_ok());
        let written = bundle::write(&raw).expect("valid").databricks_yml;
        let back = read(&written.text, "x", None).expect(&written.text);
        prop_assert_eq!(&back.ignored, &Vec::<String>::new());
        let mut expected = raw.create().expect("valid");
        expected.deployment.schema_setup = SchemaSetup::App;
        let kind = expected.deployment.lakebase_type.unwrap_or(deployer_wasm::spec::LakebaseType::Autoscaling);
        expected.deployment.lakebase_type = Some(kind);
        prop_assert_eq!(back.raw.create().expect(&written.text), expected, "{}", written.text);
    }

    #[test]
    fn no_text_makes_a_reader_panic(
        start in prop::sample::select(vec![
            "", "tellr create ", "tellr update --config - <<'X'\n", "%pip install databricks-tellr\ntellr.create(",
            "bundle:\n", "bundle:\nresources:\n  apps:\n    a: ", "environments:\n  x: ",
        ]),
        text in "(?s).{0,120}",
    ) {
        _ = read(&format!("{start}{text}"), "x", Some("me@example.com"));
    }

    #[test]
    fn no_cut_or_changed_text_makes_a_reader_panic(
        (operation, raw) in any_settings(),
        form in 0_u8..3,
        cut in any::<prop::sample::Index>(),
        change in "(?s).{0,3}",
    ) {
        let text = match form {
            0 => command::write(operation, &raw).text,
            1 => notebook::write(operation, &raw).text,
            _ => environments::write("x", &raw).text,
        };
        let mut at = cut.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        _ = read(&text[..at], "x", None);
        _ = read(&format!("{}{change}{}", &text[..at], &text[at..]), "x", None);
    }
}
