// Shows a widget as notebooks do: its script, and a model whose messages go to the kernel.

import widget from "./esm.js";

const state = await (await fetch("state.json")).json();
const socket = new WebSocket(`ws://${location.host}/kernel`);
socket.binaryType = "arraybuffer";
await new Promise((resolve) => socket.addEventListener("open", resolve));
const listeners = new Set();

const model = {
  get: (name) => state[name],
  set() {},
  save_changes() {},
  on: (event, listener) => event === "msg:custom" && listeners.add(listener),
  off: (event, listener) => listeners.delete(listener),
  send(content, callbacks, buffers = []) {
    const lengths = buffers.map((buffer) => buffer.byteLength);
    const head = new TextEncoder().encode(JSON.stringify({ content, lengths }));
    const length = new DataView(new ArrayBuffer(4));
    length.setUint32(0, head.byteLength);
    const parts = [length, head, ...buffers].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    const message = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (message.set(part, at), at + part.length), 0);
    socket.send(message);
  },
};

socket.addEventListener("message", ({ data }) => {
  let start = 4 + new DataView(data).getUint32(0);
  const { content, lengths } = JSON.parse(new TextDecoder().decode(data.slice(4, start)));
  const buffers = lengths.map((length) => new DataView(data, (start += length) - length, length));
  for (const listener of listeners) listener(content, buffers);
});

window.close_output = await widget.render({ model, el: document.getElementById("output") });
