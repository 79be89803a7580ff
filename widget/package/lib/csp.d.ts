export interface PolicyOptions {
  /** The dm3 node, as `https://node.example`. */
  node: string;
  /** What the attribute `rpc-url` has. */
  rpc?: string;
  /** Where the element's files are, if not at the page's own origin. */
  cdn?: string;
  /** What the attribute `isolated` has: this is the policy of the page. */
  frame?: string;
  /** The origins that may embed the frame of the isolated mode: this is the policy of the frame. */
  embedders?: string[];
  /** Other nodes and gateways that are called directly, and not through the node. */
  hosts?: string[];
  /** The page's nonce for its script elements. */
  nonce?: string;
  /** Scripts may load what they name; needs a nonce. */
  strictDynamic?: boolean;
  /** On, unless it is `false`. */
  trustedTypes?: boolean;
  /** Whether attachments are shown in place; on, unless it is `false`. */
  media?: boolean;
}

/** A fault in what was asked for, in words for the person who asked. */
export declare class PolicyError extends Error {}

/** The directives by name, each with its sources. */
export declare function directives(options: PolicyOptions): Record<string, string[]>;

/** The policy as a header's value. */
export declare function contentSecurityPolicy(options: PolicyOptions): string;
