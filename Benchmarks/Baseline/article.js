// The article's method: open a connection, write the request by hand, destroy the socket.
// node article.js PORT COUNT, or node article.js HOST PORT for one request
const net = require('net'), measure = require('./measure')
const request = (host, port) => `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: node\r\n\r\n`

const send = (host, port, done) => {
  const socket = net.connect(port, host, () => socket.write(request(host, port), () => socket.destroy()))
  socket.on('error', () => {}).on('close', done)
}

const [first, second] = process.argv.slice(2)
if (first.includes('.')) send(first, Number(second), () => {})
else measure(Number(second), 2000, (number, done) => send(`127.0.0.${1 + number % 16}`, Number(first), done))
