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
        /// How many read, by tenant; nil for those who read all.
        var readers: [String?: Int] = [:]
        /// How many sockets there are, those included that are about to open.
        var socketCount = 0
    }

    private let maximumCount: Int
    private let times: ActivityTimes
    private let state = Lock(State())
    private let readerCount = Atomic(0)

    /// - Parameter maximumCount: How many may read at once.
    package convenience init(maximumCount: Int) { self.init(maximumCount: maximumCount, ActivityTimes()) }

    init(maximumCount: Int, _ times: ActivityTimes) {
        self.maximumCount = maximumCount
        self.times = times
    }

    package var isWatching: Bool { readerCount.load(ordering: .relaxed) > 0 }

    /// Every reader gets what happens in the order of the calls.
    package func note(_ event: JobEvent) {
        let tenant = event.key.queue.tenant
        let places = state.withLock { state in
            state.readers[tenant] == nil && state.readers[nil] == nil ? [] : state.places
        }
        guard !places.isEmpty else { return }
        var json = JSONWriter()
        json.event(event)
        let frame = SocketFrame.text(ByteBuffer(bytes: json.bytes))
        for place in places { place.loop.execute { place.circle.value.publish(frame, of: tenant) } }
    }

    /// Where the events of a tenant's jobs are read; of all tenants' with nil.
    func source(of tenant: String?) -> any SocketSource { ActivitySource(hub: self, tenant: tenant) }

    /// Ends the sockets of those who read what happens to a tenant's jobs.
    func end(_ tenant: String, _ reason: String) {
        for place in state.withLock(\.places) { place.loop.execute { place.circle.value.end(tenant, reason) } }
    }

    fileprivate func enter() -> Bool {
        state.withLock { state in
            guard state.socketCount < maximumCount else { return false }
            state.socketCount += 1
            return true
        }
    }

    fileprivate func leave() { state.withLock { $0.socketCount -= 1 } }

    fileprivate func add(_ socket: SocketHandler, of tenant: String?, on loop: any EventLoop) {
        state.withLock { $0.readers[tenant, default: 0] += 1 }
        readerCount.add(1, ordering: .relaxed)
        circle(of: loop).add(socket, of: tenant)
    }

    fileprivate func remove(_ socket: SocketHandler, of tenant: String?, on loop: any EventLoop) {
        circle(of: loop).remove(socket, of: tenant)
        readerCount.subtract(1, ordering: .relaxed)
        state.withLock { state in
            state.socketCount -= 1
            let left = (state.readers[tenant] ?? 0) - 1
            state.readers[tenant] = left > 0 ? left : nil
        }
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

    func enter() -> Bool { hub.enter() }
    func leave() { hub.leave() }
    func opened(_ socket: SocketHandler, on loop: any EventLoop) { hub.add(socket, of: tenant, on: loop) }
    func closed(_ socket: SocketHandler, on loop: any EventLoop) { hub.remove(socket, of: tenant, on: loop) }
}
