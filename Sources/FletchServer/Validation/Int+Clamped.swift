extension FixedWidthInteger {
    /// Rounded, and no further away than the type reaches. Any number but NaN may be given.
    init(clamping number: Double, rounded rule: FloatingPointRoundingRule = .down) {
        self = Self(exactly: number.rounded(rule)) ?? (number < 0 ? .min : .max)
    }
}
