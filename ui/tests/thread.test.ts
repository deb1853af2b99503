// The thread: comments, mentions by keyboard, questions that block, answers that unblock.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { complete, matching, mentioned, typingAt } from '../src/case/mention';
import { all, click, fill, one, press, seen, text, until } from './screen';
import { openDossier } from './dossier';

const PEOPLE = [
  { id: 'p1', name: 'Ines Ferreira' },
  { id: 'p2', name: 'Jonas Weber' },
  { id: 'p3', name: 'Jonas Weber-Klein' },
  { id: 'p4', name: 'Zoë Øster' },
];

describe('mentions', () => {
  it('begin at an @ that starts a word', () => {
    expect(typingAt('ask @jo', 7)).toEqual({ from: 4, to: 7, part: 'jo' });
    expect(typingAt('@', 1)?.part).toBe('');
    expect(typingAt('mail a@b', 8)).toBeNull();
    expect(typingAt('ask @jo later', 4)).toBeNull();
  });

  it('find people by any word of their name, without accents', () => {
    expect(matching(PEOPLE, 'web').map((one) => one.id)).toEqual(['p2', 'p3']);
    expect(matching(PEOPLE, 'zoe').map((one) => one.id)).toEqual(['p4']);
    expect(matching(PEOPLE, 'nas')).toEqual([]);
  });

  it('put the name in place of what was typed, and nothing else', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (before, after) => {
      const start = `${before.replaceAll('@', '')} @j`;
      const typing = typingAt(start + after, start.length);
      if (!typing) throw new Error('no mention');
      const done = complete(start + after, typing, PEOPLE[1] as (typeof PEOPLE)[number]);
      expect(done.text).toBe(`${start.slice(0, -2)}@Jonas Weber ${after}`);
      expect(done.text.slice(0, done.caret).endsWith('@Jonas Weber ')).toBe(true);
    }));
  });

  it('do not find a short name inside of a longer one', () => {
    expect(mentioned(PEOPLE, 'with @Jonas Weber-Klein and @Zoë Øster').map((one) => one.id)).toEqual(['p3', 'p4']);
  });
});

describe('thread', () => {
  it('picks a person by keyboard and sends with Ctrl+Enter', async () => {
    const { bridge, view } = await openDossier('flash_sale_burst');
    const add = vi.spyOn(bridge, 'addComment');
    const field = one('comment-text') as HTMLTextAreaElement;
    const name = view.thread.people[1]?.name ?? '';
    field.focus();
    field.value = `Please look, @${name.slice(0, 3)}`;
    field.setSelectionRange(field.value.length, field.value.length);
    await fill('comment-text', field.value);
    await until(() => expect(all('mention-option').length).toBeGreaterThan(0));
    await press('Enter', field);
    await until(() => expect(field.value).toContain(`@${name} `));
    expect(add).not.toHaveBeenCalled();
    await press('Enter', field, { ctrlKey: true });
    await until(() => expect(add).toHaveBeenCalledOnce());
    expect(add.mock.calls[0]?.[0]).toMatchObject({ proposal: view.proposal, mentions: [view.thread.people[1]?.id], question_for: [], answers: null });
    await until(() => expect(all('comment')).toHaveLength(1));
    expect(field.value).toBe('');
  });

  it('sends nothing empty, and no question that nobody must answer', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    const add = vi.spyOn(bridge, 'addComment');
    await click('send-comment');
    expect(one('comment-form').textContent).toContain('Write something first.');
    await fill('comment-text', 'Is the stock there?');
    await click('ask');
    await click('send-comment');
    expect(one('comment-form').textContent).toContain('Choose who must answer.');
    expect(add).not.toHaveBeenCalled();
    await click('ask').then(() => click('send-comment'));
    await until(() => expect(add).toHaveBeenCalledOnce());
  });

  it('asks those who were chosen, and says so on the comment and beside the buttons', async () => {
    const { bridge, view } = await openDossier('flash_sale_burst');
    const add = vi.spyOn(bridge, 'addComment');
    await fill('comment-text', 'Is the stock there?');
    await click('ask');
    all('ask-person')[0]?.click();
    await click('send-comment');
    await until(() => expect(add).toHaveBeenCalledOnce());
    expect(add.mock.calls[0]?.[0].question_for).toEqual([view.thread.people[0]?.id]);
    await until(() => expect(one('comment').dataset['question']).toBe('true'));
    expect(seen(one('comment'))).toContain(`Needs an answer from ${view.thread.people[0]?.name ?? ''}`);
    expect(one('approval-blocked').dataset['code']).toBe('open_question');
  });

  it('unblocks approval by an answer', async () => {
    await openDossier('video_product_launch');
    expect(one('open-questions').dataset['mine']).toBe('1');
    await click('answer');
    const field = one('comment-text');
    await until(() => expect(document.activeElement).toBe(field));
    await fill('comment-text', 'It comes on top.');
    await press('Enter', field, { ctrlKey: true });
    await until(() => expect(all('approval-blocked')).toHaveLength(0));
    expect((one('approve-button') as HTMLButtonElement).disabled).toBe(false);
    expect(all('comment')[0]?.dataset['answered']).toBe('true');
    expect(all('comment')[1]?.textContent).toContain('Answer to');
  });

  it('says when a signature of a comment could not be checked', async () => {
    await openDossier('video_product_launch', {}, 'deciding', (view) => (view.thread.comments[0] as { signature_checked: boolean }).signature_checked = false);
    expect(text('comment')).toContain('Signature could not be checked');
  });
});
