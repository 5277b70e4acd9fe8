// Compiles what stands on stdin, a JSON object of MJML documents by name, and writes the HTML of each to stdout.
import mjml2html from 'mjml'

let input = ''
for await (const chunk of process.stdin) input += chunk
const html = {}
for (const [name, source] of Object.entries(JSON.parse(input))) {
  html[name] = (await mjml2html(source, { validationLevel: 'skip' })).html
}
process.stdout.write(JSON.stringify(html))
