// Shows the page in a frame without an origin, and carries its calls to the kernel (`calls.py` says in which form).

// Popups: the deployed app opens in a window of its own, which is not sandboxed. No `allow-same-origin`: the frame reaches
// neither the notebook nor its storage.
const SANDBOX = "allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox";
const PART = 1024 * 1024;
const LARGEST_BODY = 16 * PART;
const LARGEST_ANSWER = 64 * PART;
// longer than the kernel lets a call take
const DEADLINE = 240_000;
// a kernel answers when it has done the cells before
const PAGE_DEADLINE = 600_000;
const LOWEST = 240;

// Messages of one view of the widget: all views hear all answers.
class Kernel {
  #model;
  #view = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #last = 0;
  #waiting = new Map();
  #hear = (message, buffers) => this.#take(message, buffers);

  constructor(model) {
    this.#model = model;
    model.on("msg:custom", this.#hear);
  }

  close() {
    this.#model.off("msg:custom", this.#hear);
    for (const { reject } of [...this.#waiting.values()]) reject(new Error("the notebook's output was closed"));
  }

  call(method, path, headers, body) {
    if (body.byteLength > LARGEST_BODY) {
      return Promise.reject(new Error(`the body has ${body.byteLength} bytes, more than a notebook passes on`));
    }
    const parts = Math.max(1, Math.ceil(body.byteLength / PART));
    return this.#ask(DEADLINE, (id) => {
      for (let part = 0; part < parts; part++) {
        const head = part === 0 ? { method, path, headers } : {};
        const length = Math.min(PART, body.byteLength - part * PART);
        this.#model.send({ type: "call", id, part, parts, ...head }, undefined, [new DataView(body, part * PART, length)]);
      }
    });
  }

  page() {
    return this.#ask(PAGE_DEADLINE, (id) => this.#model.send({ type: "page", id }));
  }

  #ask(deadline, send) {
    const id = `${this.#view}-${++this.#last}`;
    let timer;
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error("the notebook's kernel does not answer: it may be gone, or busy with another cell"));
      timer = setTimeout(late, deadline);
      this.#waiting.set(id, { resolve, reject, parts: [], length: 0 });
      send(id);
    }).finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  #take(message, buffers) {
    const asked = message?.type === "answer" ? this.#waiting.get(message.id) : undefined;
    if (!asked) return;
    if (typeof message.error === "string") return asked.reject(new Error(message.error));
    const buffer = buffers?.[0];
    asked.length += buffer?.byteLength ?? 0;
    if (message.part !== asked.parts.length || asked.length > LARGEST_ANSWER) {
      return asked.reject(new Error("the kernel's answer did not come whole"));
    }
    if (message.part === 0) Object.assign(asked, { status: message.status, headers: message.headers });
    asked.parts.push(buffer ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array());
    if (asked.parts.length < message.parts) return;
    const body = new Uint8Array(asked.length);
    asked.parts.reduce((at, part) => (body.set(part, at), at + part.length), 0);
    asked.resolve({ status: asked.status, headers: asked.headers, body: body.buffer });
  }
}

// Answers the page's calls until the next page asks for a port.
function serve(port, kernel) {
  port.onmessage = async ({ data }) => {
    const { id, method, path, headers, body } = data ?? {};
    if (typeof id !== "number" || typeof method !== "string" || typeof path !== "string") return;
    try {
      const content = body instanceof ArrayBuffer ? body : new ArrayBuffer(0);
      const answer = await kernel.call(method, path, headers ?? {}, content);
      port.postMessage({ id, ...answer }, [answer.body]);
    } catch (error) {
      port.postMessage({ id, error: error.message });
    }
  };
}

function say(el, text) {
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  line.textContent = text;
  el.replaceChildren(line);
}

function render({ model, el }) {
  const kernel = new Kernel(model);
  const frame = document.createElement("iframe");
  let port;

  function hear(event) {
    if (event.source !== frame.contentWindow || !frame.contentWindow) return;
    if (event.data?.tellr === "bridge") {
      port?.close();
      const channel = new MessageChannel();
      port = channel.port1;
      serve(port, kernel);
      // the frame has no origin that could be named; it holds nothing but the page
      frame.contentWindow.postMessage({ tellr: "bridge" }, "*", [channel.port2]);
    } else if (event.data?.tellr === "height" && Number.isFinite(event.data.height) && !model.get("height")) {
      frame.style.height = `${Math.max(LOWEST, Math.min(event.data.height, 20_000))}px`;
    }
  }

  async function show() {
    const { body } = await kernel.page();
    frame.title = "Tellr deployer";
    frame.setAttribute("sandbox", SANDBOX);
    frame.allow = "clipboard-write";
    frame.style.cssText = "display:block;width:100%;border:0;color-scheme:light dark";
    frame.style.height = `${model.get("height") ?? LOWEST}px`;
    frame.srcdoc = new TextDecoder().decode(body);
    el.replaceChildren(frame);
  }

  addEventListener("message", hear);
  say(el, "Waiting for the notebook's kernel. If this stays, it is busy with a cell, or gone: then run this cell again.");
  show().catch(({ message }) => say(el, `Tellr's page cannot be shown: ${message}. Run the cell again.`));
  return () => {
    removeEventListener("message", hear);
    port?.close();
    kernel.close();
    frame.remove();
  };
}

export default { render };
