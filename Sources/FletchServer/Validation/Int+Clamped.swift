extension FixedWidthInteger {
    /// Rounded down, and no further away than the type reaches. Any finite number may be given.
    init(clamping number: Double) {
        self = Self(exactly: number.rounded(.down)) ?? (number < 0 ? .min : .max)
    }
}
