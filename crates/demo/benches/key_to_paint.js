// Runs in the app's page and presses keys as the keyboard does, at any moment of a frame.
// "ready" is from the key until the page's content has changed and is laid out: what the app
// answers for. "paint" is until the frame that shows it was painted: it adds the wait for the
// display's next frame, up to 16.7 ms whatever is done.
//
// With `coming` it types until so many cases more need this person than `had` before.
const [count, coming, had, done] = arguments;
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
  await rest(30 + Math.random() * 17);
  let ready = null;
  const begun = performance.now();
  const observer = new MutationObserver(() => {
    if (ready !== null || !changed()) return;
    document.body.getBoundingClientRect();
    ready = performance.now();
  });
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  act();
  for (let frames = 0; frames === 0 || !changed(); frames += 1) {
    if (frames > 300) throw new Error(`${what}: nothing changed in 300 frames`);
    await frame();
  }
  await task();
  const painted = performance.now();
  observer.disconnect();
  if (ready === null) throw new Error(`${what}: it was so before the key`);
  (measured[`${what}, ready`] ??= []).push(ready - begun);
  (measured[`${what}, paint`] ??= []).push(painted - begun);
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

// The commonest words of all, letter by letter; a rare one; every field.
const words = [
  's', 'se', 'sel', 'sell', 'd', 'de', 'dem', 'demand', 'budget', 'brand_search_1', 'approver:Mara',
  'entity:retargeting', 'amount:110..120', 'reason:within_plan', 'model:genai', 'agent:Proposer', 'tier:medium',
  'kind:budget_change', 'since:2026-01-01', 'demand tier:high approver:Tom',
];

function search(what, turn) {
  const word = words[turn % words.length];
  return measure(what, () => type(word), () => shown() === word);
}

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
  const views = ['needs_me', 'waiting_on_others', 'due_soon', 'overrides', 'snoozed', 'settled'];
  for (let turn = 0; turn < count; turn += 1) {
    const next = views[turn % views.length];
    await measure('filter', () => find(`view-${next}`).click(), () => view() === next);
  }
  find('view-settled').click();
  for (let turn = 0; turn < count; turn += 1) await search('search', turn);
  type('');
  return measured;
}

async function merging() {
  const begun = performance.now();
  const needed = () => Number(find('view-needs_me').dataset.count);
  for (let turn = 0; needed() < had + coming; turn += 1) {
    if (turn > 5_000) throw new Error(`${needed() - had} of ${coming} came in`);
    await search(`search while ${coming} come in`, turn);
  }
  measured[`until ${coming} came in`] = [performance.now() - begun];
  return measured;
}

(coming > 0 ? merging() : all()).then(done, (error) => done(String(error)));
