'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';

export function AwayLink() {
  return (
    <Link id="away" href={usePathname() === '/' ? '/away' : '/'}>
      Come and go
    </Link>
  );
}
