// Plays scenes with the clients of other people, as they come: scenes in as JSON, what the clients said of them out.
// The twin of speak.py.

import net from "node:net";
import process from "node:process";
import { Analytics as CustomerIo } from "@customerio/cdp-analytics-node";
import RudderStack from "@rudderstack/rudder-sdk-node";
import { Analytics as Segment } from "@segment/analytics-node";

// Connect to nobody but this machine.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const [first] = Array.isArray(given[0]) ? given[0] : given;
  const host = first?.host ?? "";
  if (host !== "127.0.0.1") {
    process.stderr.write(`a client tried to reach ${host}\n`);
    process.exit(3);
  }
  return connect.apply(this, given);
};

const CLIENTS = {
  "segment-node": (scene, failed) => {
    const client = new Segment({
      writeKey: scene.key,
      host: scene.host,
      flushAt: scene.batch,
      flushInterval: 100,
      maxRetries: scene.retries,
      httpRequestTimeout: scene.timeout * 1000,
    });
    client.on("error", (error) => failed(error.reason));
    return client;
  },
  "customerio-node": (scene, failed) => {
    const client = new CustomerIo({
      writeKey: scene.key,
      host: scene.host,
      maxEventsInBatch: scene.batch,
      flushInterval: 100,
      maxRetries: scene.retries,
      httpRequestTimeout: scene.timeout * 1000,
    });
    client.on("error", (error) => failed(error.reason));
    return client;
  },
  "rudderstack-node": (scene, failed) =>
    new RudderStack(scene.key, {
      dataPlaneUrl: scene.host,
      flushAt: scene.batch,
      flushInterval: 100,
      maxQueueSize: 4 * 1024 * 1024,
      retryCount: scene.retries,
      timeout: scene.timeout * 1000,
      gzip: scene.gzip,
      logLevel: "none",
      errorHandler: failed,
    }),
};

async function play(scene) {
  const errors = new Set();
  const began = performance.now();
  const client = CLIENTS[scene.client](scene, (error) => errors.add(String(error?.message ?? error)));
  let underway = [];
  for (const { call, timestamp, ...said } of scene.calls) {
    if (call === "flush") {
      await Promise.all(underway);
      underway = [];
    } else {
      const message = { ...said, timestamp: new Date(timestamp) };
      underway.push(new Promise((done) => client[call](message, done)));
    }
  }
  await Promise.all(underway);
  return { errors: [...errors], seconds: (performance.now() - began) / 1000 };
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
const played = await Promise.all(JSON.parse(input).map(play));
process.stdout.write(JSON.stringify(played), () => process.exit(0));
