// Which texts each pattern takes: [[pattern, [text, …]], …] on standard input, [[true, …], …] on standard output.
const { readFileSync } = require("node:fs");

const asked = JSON.parse(readFileSync(0, "utf8"));
const answers = asked.map(([pattern, texts]) => texts.map((text) => new RegExp(pattern, "u").test(text)));
process.stdout.write(JSON.stringify(answers));
