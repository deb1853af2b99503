// English: the steps of the first run after the workspace was joined, and practice.

export const joining = {
  steps: 'Steps',
  names: { key: 'Make a key', join: 'Join', compare: 'Compare words', practise: 'Practise', loss: 'If it is lost' } as Record<string, string>,
  done: 'done',
  keyTitle: 'A key for this device',
  keyWhy: [
    'Everything you decide is signed with it, so everybody can check that it was you.',
    'It never leaves this device. Nobody can sign in your place, not even an administrator.',
    'There is no password to remember and no copy to lose elsewhere.',
  ],
  compare: {
    title: 'Compare the six words',
    lead: 'Call a colleague who is in the workspace already, on the phone or in person; not by chat or mail. Ask for “People and devices”, your name.',
    say: 'Read out',
    saySentence: (name: string, words: string) => `“This is ${name}. The words of my device are: ${words}.”`,
    hear: 'They answer whether they see the same six words under your name. Any difference counts, even in one word.',
    same: 'They see the same words',
    other: 'The words differ',
    otherTitle: 'Do not sign anything',
    otherWhat: 'Somebody may have come between. Tell your administrator now, by phone. Close this window; nothing was signed.',
    back: 'Compare again',
    alone: 'Nobody can be reached now',
    aloneHint: 'You can compare later, under “People and devices”. Do it before you sign for the first time.',
  },
  practise: {
    title: 'Practise once',
    lead: 'A made-up case with the real sheets. You read, decide and sign. Nothing of it is stored or sent, and nobody sees it.',
    start: 'Open the practice case',
    skip: 'Skip practice',
  },
  loss: {
    title: 'If this laptop is lost',
    lead: 'Read this once now, so that you know it then.',
    points: [
      { title: 'Call an administrator at once.', text: 'They revoke this device. From that moment, nothing it signs counts.' },
      { title: 'What you signed before stays valid.', text: 'The log shows when the device was revoked, and what came before and after.' },
      { title: 'Your key is gone, and that is fine.', text: 'It cannot be restored or copied. On a new device you make a new key and join again, in about five minutes.' },
      { title: 'Unsent signatures are lost with it.', text: 'The chip at the top always says how many there are. Connect before you travel.' },
    ],
    finish: 'Open the inbox',
  },
  practice: {
    frame: 'Practice: nothing is stored or sent.',
    tasks: 'Try this',
    task: {
      read: 'Read the change at the top: what it is now, what it would be, what it can cost at most.',
      decide: 'Press a to approve, or o to set your own lower amount.',
      confirm: 'Read the sheet, then sign with Ctrl + Enter.',
    },
    signed: 'Signed for practice; nothing was stored or sent. In earnest it is now held for a few seconds, and u recalls it.',
    leave: 'End practice',
    again: 'Start again',
    done: 'That was the whole of it. You can practise again at any time from the settings.',
    finish: 'Go on',
  },
};
