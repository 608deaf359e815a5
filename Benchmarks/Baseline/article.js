// The article's method: open a connection, write the request by hand, destroy the socket.
// node article.js PORT COUNT, or node article.js HOST PORT for one request
const net = require('net')
const request = (host, port) => `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: node\r\n\r\n`

const send = (host, port, done) => {
  const socket = net.connect(port, host, () => socket.write(request(host, port), () => socket.destroy()))
  socket.on('close', done)
  socket.on('error', () => failures++)
}

let failures = 0
const run = (port, count) => new Promise(resolve => {
  let begun = 0, ended = 0
  const next = () => {
    if (begun < count) send(`127.0.0.${1 + begun++ % 16}`, port, () => { ended++; ended === count ? resolve() : next() })
  }
  for (let i = 0; i < 64; i++) next()
})

const measure = async (port, count) => {
  await run(port, 2000)
  const cost = process.cpuUsage(), start = process.hrtime.bigint()
  await run(port, count)
  const { user, system } = process.cpuUsage(cost)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  console.log((user + system) / count, count / seconds, failures)
}

const [first, second] = process.argv.slice(2)
if (first.includes('.')) send(first, Number(second), () => {})
else measure(Number(first), Number(second))
