// Starts the page out of one file. The build puts this behind the glue of wasm-bindgen, into the same inline module, and the
// compressed module into the element `#module`. Nothing is fetched.

const embedding = JSON.parse(document.querySelector('meta[name="tellr-embedding"]')?.content || "{}");

async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// A sandbox without `allow-forms` drops the sending of a form before the page hears of it. Nothing is sent anywhere in this
// page: a form is only a group of fields with a button.
function submitHere(event) {
  const button = event.target instanceof Element ? event.target.closest("button[type=submit]") : null;
  const form = button?.form;
  if (!form) return;
  event.preventDefault();
  if (form.noValidate || form.reportValidity()) {
    form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true, submitter: button }));
  }
}

// Whoever shows this page in a frame gives the frame this height, so that there is one scroll bar and not two.
function tellHeight() {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  parent.postMessage({ tellr: "height", height }, "*");
}

function tell(words, error) {
  console.error(error);
  const message = document.createElement("p");
  message.setAttribute("role", "alert");
  message.textContent = words;
  document.body.prepend(message);
}

// A module that has stopped answers nothing any more.
for (const [kind, thrown] of [["error", "error"], ["unhandledrejection", "reason"]]) {
  addEventListener(kind, (event) => {
    if (event[thrown] instanceof WebAssembly.RuntimeError) {
      tell("This page has stopped because of a mistake in it. Please run the cell again.", event[thrown]);
    }
  }, { once: true });
}

try {
  document.addEventListener("click", submitHere);
  initSync({ module: await WebAssembly.compile(await unpack(document.getElementById("module").textContent)) });
  if (embedding.bridge) {
    document.documentElement.dataset.embedded = "";
    new ResizeObserver(tellHeight).observe(document.documentElement);
  }
} catch (error) {
  tell(`Tellr could not start in this browser: ${error}`, error);
}
