import { CUSTOM_ELEMENTS_SCHEMA, Component, inject, provideZonelessChangeDetection, signal } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { Router, RouterLink, RouterOutlet, provideRouter } from '@angular/router';
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

@Component({ template: '<h1>Elsewhere</h1>' })
class Elsewhere {}

@Component({
  selector: 'app-root',
  imports: [RouterLink, RouterOutlet],
  template: `
    <a id="away" [routerLink]="router.url === '/' ? '/away' : '/'">Come and go</a>
    <router-outlet />
  `,
})
class App {
  readonly router = inject(Router);
}

const routes = [
  { path: '', component: Shop },
  { path: 'away', component: Elsewhere },
];
bootstrapApplication(App, { providers: [provideZonelessChangeDetection(), provideRouter(routes)] });
