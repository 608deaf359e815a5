/// Who can be told that a caller waits no longer.
protocol Carrier: AnyObject {
    func withdraw(_ call: Call)
}
