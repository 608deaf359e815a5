/// What an ``Exchange`` has run out of time for.
enum ExchangeDeadline: CaseIterable {
    case connect, write, answer, whole, park
}
