import 'dm3-chat';
import { NODE } from './node-url.js';

document.querySelector('dm3-chat').node = NODE;
