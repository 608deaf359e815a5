/// One address being tried.
struct Attempt {
    let socket: Socket
    let address: SocketAddress
    var isWatched = false
}
