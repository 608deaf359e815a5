/// The one that hears of a request's end.
enum Listener: Sendable {
    /// Nobody: it was fired.
    case nobody
    /// Someone who has been told, and of what comes after hears no more.
    case told
    /// Someone who follows a whole series, and what this request is called there.
    case observer(any Observer, Int)
    case call(Call)
}
