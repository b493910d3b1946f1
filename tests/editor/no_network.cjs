// Loaded before the language server: every way out says so on stderr, and fails.
const refuse = (what) => () => {
  process.stderr.write(`NETWORK: ${what}\n`);
  throw new Error(`no network here: ${what}`);
};
require("net").Socket.prototype.connect = refuse("connect");
require("dns").lookup = refuse("lookup");
globalThis.fetch = refuse("fetch");
