internal import Fletch
package import FletchQueue
import NIOCore
import Synchronization

/// Tells all who read what happens to jobs: of one tenant, or of all.
package final class ActivityHub: JobObserver {
    private struct Place {
        let loop: any EventLoop
        let circle: NIOLoopBound<ActivityCircle>
    }

    private struct State {
        var places: [Place] = []
        /// How many sockets there are, by tenant (nil for those who read all); those included that are about to open.
        var sockets: [String?: Int] = [:]
        var socketCount = 0
    }

    private let maximumCount: Int
    private let isShared: Bool
    private let times: ActivityTimes
    private let state = Lock(State())
    private let readerCount = Atomic(0)

    /// - Parameters:
    ///   - maximumCount: How many may read at once.
    ///   - isShared: Whether tenants share the places: none takes more than it leaves free, so that the next gets one.
    package convenience init(maximumCount: Int, isShared: Bool = false) {
        self.init(maximumCount: maximumCount, isShared: isShared, ActivityTimes())
    }

    init(maximumCount: Int, isShared: Bool = false, _ times: ActivityTimes) {
        self.maximumCount = maximumCount
        self.isShared = isShared
        self.times = times
    }

    package var isWatching: Bool { readerCount.load(ordering: .relaxed) > 0 }

    /// Every reader gets what happens in the order of the calls.
    package func note(_ event: JobEvent) {
        let tenant = event.key.queue.tenant
        let places = state.withLock { state in
            state.sockets[tenant] == nil && state.sockets[nil] == nil ? [] : state.places
        }
        guard !places.isEmpty else { return }
        var json = JSONWriter()
        json.event(event)
        let frame = SocketFrame.text(ByteBuffer(bytes: json.bytes))
        for place in places { place.loop.execute { place.circle.value.publish(frame, of: tenant) } }
    }

    /// Where the events of a tenant's jobs are read; of all tenants' with nil.
    /// - Parameters:
    ///   - limit: How long the socket lasts at most. Default: for ever.
    ///   - mayRead: Asked once the socket is open, and told to ``end(_:_:)``: whoever is refused then reads no more. Default:
    ///     everybody may.
    func source(
        of tenant: String?, limit: Duration? = nil, mayRead: @escaping @Sendable () async -> Bool = { true }
    ) -> any SocketSource {
        ActivitySource(hub: self, tenant: tenant, limit: limit, mayRead: mayRead)
    }

    /// Ends the sockets of those who read what happens to a tenant's jobs.
    func end(_ tenant: String, _ reason: String) {
        for place in state.withLock(\.places) { place.loop.execute { place.circle.value.end(tenant, reason) } }
    }

    fileprivate func enter(_ tenant: String?) -> Bool {
        state.withLock { state in
            let (own, free) = (state.sockets[tenant] ?? 0, maximumCount - state.socketCount)
            guard free > 0, own < free || own == 0 || tenant == nil || !isShared else { return false }
            state.sockets[tenant] = own + 1
            state.socketCount += 1
            return true
        }
    }

    fileprivate func leave(_ tenant: String?) {
        state.withLock { state in
            state.socketCount -= 1
            let left = (state.sockets[tenant] ?? 0) - 1
            state.sockets[tenant] = left > 0 ? left : nil
        }
    }

    fileprivate func add(
        _ socket: SocketHandler, of tenant: String?, for limit: Duration?, on loop: any EventLoop
    ) {
        readerCount.add(1, ordering: .relaxed)
        circle(of: loop).add(socket, of: tenant, for: limit)
    }

    fileprivate func remove(_ socket: SocketHandler, of tenant: String?, on loop: any EventLoop) {
        circle(of: loop).remove(socket, of: tenant)
        readerCount.subtract(1, ordering: .relaxed)
        leave(tenant)
    }

    private func circle(of loop: any EventLoop) -> ActivityCircle {
        state.withLock { state in
            if let known = state.places.first(where: { $0.loop === loop }) { return known.circle }
            let circle = NIOLoopBound(ActivityCircle(loop, times), eventLoop: loop)
            state.places.append(Place(loop: loop, circle: circle))
            return circle
        }.value
    }
}

/// A reader's part of it.
private struct ActivitySource: SocketSource {
    let hub: ActivityHub
    let tenant: String?
    let limit: Duration?
    let mayRead: @Sendable () async -> Bool

    func enter() -> Bool { hub.enter(tenant) }
    func leave() { hub.leave(tenant) }

    func opened(_ socket: SocketHandler, on loop: any EventLoop) {
        hub.add(socket, of: tenant, for: limit, on: loop)
        let bound = NIOLoopBound(socket, eventLoop: loop)
        Task {
            guard await !mayRead() else { return }
            loop.execute { bound.value.end(.policyViolation, "the tenant's tokens have changed") }
        }
    }

    func closed(_ socket: SocketHandler, on loop: any EventLoop) { hub.remove(socket, of: tenant, on: loop) }
}
