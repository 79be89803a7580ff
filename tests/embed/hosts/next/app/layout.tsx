import type { ReactNode } from 'react';
import { AwayLink } from './away-link';

export const metadata = { title: 'Next', icons: { icon: 'data:,' } };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <AwayLink />
        {children}
      </body>
    </html>
  );
}
