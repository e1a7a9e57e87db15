// Plays a scenario in Node.js: the order comes as JSON by standard input, the result goes to standard output.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

import { play } from "./scenarios.js";

const require = createRequire(import.meta.url);
const { client, ...order } = JSON.parse(await text(process.stdin));
const library = require(client);
// Revision 4 exports a class, revision 3 a function.
const connect = (url, options) => new library.Socket(url, options);
const result = JSON.stringify(await play(connect, order));
// A request that a dead network never answers must not keep the process.
process.stdout.write(result, () => process.exit());
