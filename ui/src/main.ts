// Starts the window on the real bridge.
import { mount } from 'svelte';
import App from './App.svelte';
import { tauriBridge } from './bridge';

const target = document.getElementById('app');
if (target) mount(App, { target, props: { bridge: tauriBridge } });
