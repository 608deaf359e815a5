// An origin that writes the head of its response in pieces, each by a call of its own: GET /SIZE/PIECE, in bytes.
// node pieces.js prints its port
const net = require('net')

const head = size => {
  const lines = ['HTTP/1.1 200 OK', 'Content-Length: 2']
  const length = () => lines.join('\r\n').length + 4
  while (length() + 80 < size) lines.push('X-Padding: ' + 'p'.repeat(60))
  lines.push('X-Padding: ' + 'p'.repeat(Math.max(0, size - length() - 13)))
  return lines.join('\r\n') + '\r\n\r\n'
}

const server = net.createServer(socket => {
  socket.on('error', () => {}).once('data', request => {
    const [, size, piece] = /\/(\d+)\/(\d+)/.exec(request)
    const text = head(Number(size)) + 'ok'
    for (let at = 0; at < text.length; at += Number(piece)) socket.write(text.slice(at, at + Number(piece)))
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
