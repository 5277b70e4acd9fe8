// Loaded before the language server: whoever tries to connect ends the process, and the test with it.
const net = require("node:net");

net.Socket.prototype.connect = function () {
  process.stderr.write("the language server tried to reach a network\n");
  process.exit(3);
};
