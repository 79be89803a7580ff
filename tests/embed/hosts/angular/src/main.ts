import { CUSTOM_ELEMENTS_SCHEMA, Component, provideZonelessChangeDetection, signal } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import type { Dm3ChatEventMap } from 'dm3-chat/element';
import { NODE } from './node-url';

@Component({
  selector: 'app-shop',
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <h1>{{ account() ? 'Welcome, ' + account() : 'A shop' }}</h1>
    <dm3-chat [attr.node]="node" (dm3-connect)="connected($event)"></dm3-chat>
  `,
})
class Shop {
  readonly node = NODE;
  readonly account = signal('');

  connected(event: Event) {
    this.account.set((event as Dm3ChatEventMap['dm3-connect']).detail.account);
  }
}

bootstrapApplication(Shop, { providers: [provideZonelessChangeDetection()] });
