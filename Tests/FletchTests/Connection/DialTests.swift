import Testing

@testable import Fletch

@Suite struct DialTests {
    private let version4 = ["10.0.0.1", "10.0.0.2"].compactMap { SocketAddress(literal: $0, port: 1) }
    private let version6 = ["::1", "::2", "::3"].compactMap { SocketAddress(literal: $0, port: 1) }

    @Test func familiesTakeTurnsStartingWithTheResolversFirst() {
        var dial = Dial(version6 + version4, delay: 1)
        var order: [SocketAddress] = []
        while let address = dial.next(at: Moment(nanoseconds: 0)) { order.append(address) }
        #expect(order == [version6[0], version4[0], version6[1], version4[1], version6[2]])
        #expect(dial.isExhausted)
    }

    @Test func nextAddressIsDueAfterTheDelayAndNoneAfterTheLast() {
        var dial = Dial(version4, delay: 250)
        _ = dial.next(at: Moment(nanoseconds: 1_000))
        #expect(dial.nextAttempt == Moment(nanoseconds: 1_250))
        _ = dial.next(at: Moment(nanoseconds: 1_250))
        #expect(dial.nextAttempt == nil)
        #expect(dial.next(at: Moment(nanoseconds: 1_500)) == nil)
    }

    @Test func refusalSaysMoreThanAnAddressThatCannotBeUsed() {
        var dial = Dial(version4, delay: 1)
        dial.note(ExchangeFailure(.networkUnreachable))
        dial.note(ExchangeFailure(.connectFailed))
        dial.note(ExchangeFailure(.networkUnreachable))
        #expect(dial.failure?.code == .connectFailed)
    }

    @Test(arguments: [FletchError.Code.descriptorsExhausted, .memoryExhausted, .localPortsExhausted])
    func addressThatCouldNotBeTriedSaysMoreThanARefusal(_ code: FletchError.Code) {
        var dial = Dial(version4, delay: 1)
        dial.note(ExchangeFailure(code))
        dial.note(ExchangeFailure(.connectFailed))
        #expect(dial.failure?.code == code)
        dial = Dial(version4, delay: 1)
        dial.note(ExchangeFailure(.connectFailed))
        dial.note(ExchangeFailure(code))
        #expect(dial.failure?.code == code)
    }

    @Test func addressIsTriedAgainWhereTheQueueWasFull() {
        var dial = Dial([version4[0]], delay: 1)
        _ = dial.next(at: Moment(nanoseconds: 0))
        dial.tryAgain(at: Moment(nanoseconds: 10))
        #expect(dial.nextAttempt == Moment(nanoseconds: 10))
        #expect(dial.next(at: Moment(nanoseconds: 10)) == version4[0])
    }
}
