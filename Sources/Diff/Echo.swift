public import Basics
public import Formats

/// What was seen where a wish had been written: the provider's own form of it, or what somebody puts back.
///
/// With it a later pass tells a provider that writes things its own way from a person who changed them, and ends a loop
/// in which the same write comes to the same again and again.
public struct Echo: Sendable, Hashable {
    public let attribute: String
    /// What was there instead of the wish; null: nothing.
    public let value: Value
    /// How many writes of this wish came to this, one after the other.
    public let times: Int
    /// Whether the provider's answer to the write itself said so: then nobody else wrote it.
    public let isAnswer: Bool
    /// When the wish was last written.
    public let at: Timestamp

    public init(_ attribute: String, _ value: Value, times: Int, isAnswer: Bool, at: Timestamp) {
        self.attribute = attribute
        self.value = value
        self.times = times
        self.isAnswer = isAnswer
        self.at = at
    }

    /// So many writes have to come to the same before it is called what it is.
    static let proof = (answers: 2, returns: 3)

    /// For so long a return counts with the one before it.
    private static let memory = Duration.hours(48)

    /// Whether writing the wish once more would come to the same.
    ///
    /// A new object would be no other either, so that nothing is replaced for what its creation came to.
    func isSettled(_ rule: AttributeRule) -> Bool {
        isAnswer && (times >= Self.proof.answers || rule.requiresReplacement && value != .null)
    }

    /// Until when a wish that is put back again and again isn't written: an hour, doubled each time, at most a day.
    ///
    /// Nil while that has happened too seldom to call it a contest.
    var restsUntil: Timestamp? {
        guard !isAnswer, times >= Self.proof.returns else { return nil }
        return at + .hours(min(24, 1 << min(5, times - Self.proof.returns)))
    }

    /// What a write left behind where the object afterwards, or the one before, doesn't fulfil what was wished.
    ///
    /// - Parameters:
    ///   - wished: what was sent.
    ///   - answer: the object as the provider gave it back.
    ///   - overwritten: what the write replaced, by attribute.
    ///   - entry: what was remembered before; nil: nothing.
    ///   - schema: the rules of the kind; what is sensitive leaves nothing behind.
    ///   - now: the instant of the write.
    /// - Returns: sorted by attribute.
    public static func after(
        writing wished: Attributes, answer: Attributes, over overwritten: [String: Value], _ entry: InventoryEntry?,
        by schema: KindSchema, at now: Timestamp
    ) -> [Echo] {
        wished.items.compactMap { item -> Echo? in
            guard let rule = schema.rule(item.name), rule.leavesEchoes else { return nil }
            let isOldWish = entry?.lastApplied[item.name].map { rule.isFulfilled(by: $0, item.value) } ?? false
            let old = isOldWish ? entry?.echoes.first { $0.attribute == item.name && $0.isFresh(at: now) } : nil
            let (value, isAnswer): (Value, Bool)
            if !rule.isFulfilled(by: answer[item.name], item.value) {
                (value, isAnswer) = (answer[item.name] ?? .null, true)
            } else if isOldWish, let before = overwritten[item.name] {
                (value, isAnswer) = (before, false)
            } else {
                return old.flatMap { $0.isAnswer ? nil : $0 }
            }
            let again = old.map { $0.isAnswer == isAnswer && $0.value == value } ?? false
            return Echo(item.name, value, times: again ? 1 + (old?.times ?? 0) : 1, isAnswer: isAnswer, at: now)
        }
    }

    /// Those that still say something, now that nothing has to be written.
    ///
    /// - Parameters:
    ///   - echoes: what is remembered.
    ///   - wished: what is wanted now.
    ///   - applied: what was last applied.
    ///   - seen: what is there.
    ///   - schema: the rules of the kind.
    ///   - now: the instant of the look.
    /// - Returns: the rest, in their order.
    public static func kept(
        _ echoes: [Echo], wished: Attributes, applied: Attributes, seen: Attributes, by schema: KindSchema,
        at now: Timestamp
    ) -> [Echo] {
        echoes.filter { echo in
            guard let rule = schema.rule(echo.attribute), let wish = wished[echo.attribute],
                let old = applied[echo.attribute], rule.isFulfilled(by: old, wish)
            else { return false }
            // An answer that no longer holds was only early; what is put back is in place for now.
            return echo.isAnswer ? !rule.isFulfilled(by: seen[echo.attribute], wish) : echo.isFresh(at: now)
        }
    }

    private func isFresh(at now: Timestamp) -> Bool { isAnswer || now < at + Self.memory }
}

extension AttributeRule {
    /// Whether what becomes of it may be remembered and says anything.
    fileprivate var leavesEchoes: Bool { !isComputed && !isWriteOnly && !isSensitive }
}

extension InventoryEntry {
    /// The echo of an attribute, where what is there is what came of the last write.
    func echo(of attribute: String, _ seen: Value?) -> Echo? {
        guard !echoes.isEmpty else { return nil }
        return echoes.first { $0.attribute == attribute && $0.value == seen ?? .null }
    }
}
