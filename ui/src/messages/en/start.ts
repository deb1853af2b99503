// English: the first run.

export const startWords = {
  firstRun: {
    title: 'Join a workspace',
    intro: 'This device needs a key of its own. It is made here, kept in the system’s keychain, and never leaves it.',
    make: 'Make this device’s key',
    step1: '1. Hand over the request',
    step1Lead: 'Give this text to your administrator. It contains only public keys.',
    request: 'Request',
    copy: 'Copy',
    copied: 'Copied',
    selected: 'Selected; copy it with Ctrl + C',
    step2: '2. Compare the fingerprint',
    step2Lead: 'Read these six words to your administrator over the phone. They must see the same words.',
    step3: '3. Load the enrolment',
    step3Lead: 'Paste the enrolment that comes back, or choose its file. It is only read; nothing is trusted yet.',
    enrolment: 'Enrolment',
    file: 'Choose a file',
    read: 'Read it',
    reading: 'Reading',
    joining: 'Joining',
  },
};
