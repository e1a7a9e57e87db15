// The reference server with its defaults: `node server.js echo|broadcast PORT`.
import { createServer } from "node:http";
import { Server } from "engine.io";

const [application, port] = process.argv.slice(2);
const http = createServer((_, response) => response.writeHead(404).end());
const engine = new Server();
engine.attach(http);

const behaviours = {
  echo: (socket, data) => socket.send(data),
  broadcast: (socket, data) => {
    for (const sid in engine.clients) engine.clients[sid].send(data);
  },
};
const onMessage = behaviours[application];

engine.on("connection", (socket) => {
  socket.on("message", (data) => onMessage(socket, data));
});
http.listen(Number(port), "127.0.0.1");
