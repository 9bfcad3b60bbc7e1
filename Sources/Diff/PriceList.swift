public import DesiredState
public import Formats

/// What a provider asks for its sizes, and how much of them an account may have.
public struct PriceList: Sendable, Hashable {
    /// Cents a month by the slug of a droplet's size.
    public var droplets: [String: Int]
    /// How many droplets the account may have; nil where it isn't known.
    public var dropletLimit: Int?

    public init(droplets: [String: Int] = [:], dropletLimit: Int? = nil) {
        self.droplets = droplets
        self.dropletLimit = dropletLimit
    }

    /// The kinds that cost by their size.
    public static let kinds: [ResourceKind] = [.droplet, .databaseCluster]

    /// Whether a change is about what a size costs.
    public static func concerns(_ change: PlannedChange) -> Bool {
        guard kinds.contains(change.key.kind) else { return false }
        switch change.action {
        case .create, .replace: return true
        case .update, .adopt: return change.attributes.contains { $0.path == "size" || $0.path == "num_nodes" }
        case .noop, .delete, .forget, .read: return false
        }
    }

    /// Cents of what a provider writes as dollars, `24` or `13.5`; nil for anything else.
    public static func cents(_ dollars: Value) -> Int? {
        switch dollars {
        case .int(let dollars): Int(exactly: dollars).flatMap { (0...1_000_000).contains($0) ? $0 * 100 : nil }
        case .number(let text): Double(text).flatMap { (0...1e6).contains($0) ? Int(($0 * 100).rounded()) : nil }
        default: nil
        }
    }

    /// Dollars with two decimals.
    public static func decimal(_ cents: Int) -> String {
        let rest = cents.magnitude % 100
        return "\(cents.magnitude / 100)." + (rest < 10 ? "0" : "") + "\(rest)"
    }
}

/// What something costs a month before a change and after it, in cents.
public struct PriceChange: Sendable, Hashable {
    /// Nil: it isn't there, or nobody says.
    public let before: Int?
    /// Nil: it isn't there any more, or nobody says.
    public let after: Int?
    /// False where the provider doesn't say what it costs.
    public let isKnown: Bool

    var difference: Int { (after ?? 0) - (before ?? 0) }

    static let unknown = PriceChange(before: nil, after: nil, isKnown: false)

    /// `+$24 a month`, `$12 → $24 a month`, `−$24 a month`.
    var text: String {
        guard isKnown else { return "its price is not told" }
        switch (before, after) {
        case (let before?, let after?) where before == after: return "\(Self.dollars(after)) a month as before"
        case (let before?, let after?): return "\(Self.dollars(before)) → \(Self.dollars(after)) a month"
        default: return "\(Self.signed(difference)) a month"
        }
    }

    /// `$24`, `$13.50`.
    static func dollars(_ cents: Int) -> String {
        let rest = cents.magnitude % 100
        return "$\(cents.magnitude / 100)" + (rest == 0 ? "" : rest < 10 ? ".0\(rest)" : ".\(rest)")
    }

    static func signed(_ cents: Int) -> String { (cents < 0 ? "−" : "+") + dollars(cents) }
}

extension Plan {
    /// What the allowed changes add to the bill of a month, as far as it is told; nil where nobody asked for prices.
    var cost: (cents: Int, unknown: Int)? {
        let priced = changes.filter { $0.verdict == .allowed }.compactMap(\.price)
        guard !priced.isEmpty else { return nil }
        return (
            priced.reduce(0) { $0 + ($1.isKnown ? $1.difference : 0) }, priced.count { !$0.isKnown }
        )
    }

    /// The same with what each change of a size costs; what goes counts as well.
    public func priced(by list: PriceList?, _ observed: ObservedState) -> Plan {
        guard let list, changes.contains(where: PriceList.concerns) else { return self }
        var plan = self
        for index in plan.changes.indices {
            let change = plan.changes[index]
            let isLeaving = change.action == .delete && PriceList.kinds.contains(change.key.kind)
            guard isLeaving || PriceList.concerns(change) else { continue }
            plan.changes[index].price = Self.price(of: change, list, observed)
        }
        return plan
    }

    private static func price(of change: PlannedChange, _ list: PriceList, _ observed: ObservedState) -> PriceChange {
        guard change.key.kind == .droplet else { return .unknown }
        let there = observed.kinds[.droplet]?.resources.first {
            $0.key == change.key && (change.providerID == nil || $0.providerID == change.providerID)
        }
        let before = change.action == .create ? nil : there?.attributes["price_monthly"].flatMap(PriceList.cents)
        if change.action == .delete {
            return before.map { PriceChange(before: $0, after: nil, isKnown: true) } ?? .unknown
        }
        guard case .literal(.string(let size))? = change.wanted.first(where: { $0.name == "size" })?.value,
            let after = list.droplets[size], before != nil || change.action == .create
        else { return .unknown }
        return PriceChange(before: before, after: after, isKnown: true)
    }
}
