// Runs in the app's page. Presses keys as the keyboard does and measures the time until what
// they change has been painted: the frame callback that finds it, and the task after it.
// Frames come every 16.7 ms, so a change that is ready at once still waits for the next one;
// "work" is the time until the page's content has changed.
const [count, done] = arguments;
const find = (id, more = '') => document.querySelector(`[data-testid="${id}"]${more}`);
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const task = () => new Promise((resolve) => {
  const channel = new MessageChannel();
  channel.port1.onmessage = resolve;
  channel.port2.postMessage(0);
});
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const measured = {};
async function measure(what, act, changed) {
  await rest(20);
  await frame();
  const begun = performance.now();
  let worked = null;
  const observer = new MutationObserver(() => {
    if (worked === null && changed()) worked = performance.now();
  });
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  act();
  for (let frames = 0; !changed(); frames += 1) {
    if (frames > 300) throw new Error(`${what}: nothing changed in 300 frames`);
    await frame();
  }
  await frame();
  await task();
  const painted = performance.now();
  observer.disconnect();
  (measured[`${what}, key to paint`] ??= []).push(painted - begun);
  (measured[`${what}, work`] ??= []).push((worked ?? painted) - begun);
}

function press(key) {
  const target = document.activeElement ?? document.body;
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  target.dispatchEvent(new KeyboardEvent('keyup', { key, bubbles: true, cancelable: true }));
}

function type(text) {
  const field = find('search');
  field.focus();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

const cursor = () => find('inbox-row', '[data-cursor="true"]')?.dataset.proposal;
const opened = () => find('case')?.dataset.proposal;
const shown = () => find('inbox')?.dataset.search;
const view = () => find('inbox')?.dataset.view;

async function all() {
  if (find('case')) press('Escape');
  await rest(200);
  find('view-settled').click();
  await rest(500);
  for (let turn = 0; turn < count; turn += 1) {
    const before = cursor();
    await measure('cursor in the list', () => press(turn % 40 < 20 ? 'j' : 'k'), () => cursor() !== before);
  }
  for (let turn = 0; turn < count / 4; turn += 1) {
    const at = cursor();
    await measure('open case', () => press('Enter'), () => opened() === at);
    await rest(150);
    await measure('next case', () => press(turn % 40 < 20 ? 'j' : 'k'), () => opened() !== undefined && opened() !== at);
    await rest(150);
    press('Escape');
    await rest(50);
  }
  const views = ['settled', 'needs_me', 'overrides', 'waiting_on_others'];
  for (let turn = 0; turn < count; turn += 1) {
    const next = views[turn % views.length];
    await measure('filter', () => find(`view-${next}`).click(), () => view() === next);
  }
  find('view-settled').click();
  // The commonest word of all, letter by letter, and a rare one.
  const words = ['s', 'se', 'sel', 'sell', 'd', 'de', 'dem', 'demand', 'brand_search_1', 'approver:Mara', 'amount:110..120'];
  for (let turn = 0; turn < count; turn += 1) {
    const word = words[turn % words.length];
    await measure('search', () => type(word), () => shown() === word);
  }
  type('');
  return measured;
}

all().then(done, (error) => done(String(error)));
