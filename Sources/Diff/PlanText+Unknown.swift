internal import Basics
internal import DesiredState

/// Which kind of reason left a wanted resource unknown, and so what helps.
enum UnknownCause {
    /// No driver knows the kind: nobody has to do anything.
    case driverless
    /// The provider could not be asked, or did not show everything.
    case unobserved
    /// Another resource is unknown, whose attribute it takes.
    case another
    /// Something about this one resource.
    case itself

    init(_ change: PlannedChange) {
        let (why, kind) = (change.verdictReason ?? "", change.key.kind.description)
        if why.hasPrefix(DraftText.noDriver(change.key.kind)) {
            self = .driverless
        } else if why.hasPrefix("\(kind) could not be observed") || why.hasPrefix("\(kind) was observed only in part")
            || why.hasPrefix("\(kind) is not observed")
        {
            self = .unobserved
        } else if why.hasSuffix(" with it") || why.contains(" is unknown: ") {
            self = .another
        } else {
            self = .itself
        }
    }
}

/// Which kinds are unknown, why, and whether that asks for anything.
extension PlanWriter {
    var unknownChanges: [PlannedChange] { plan.changes.filter { $0.action == .read } }

    /// The causes that whole kinds share; what is about one resource stands beside it.
    mutating func writeUnknown() {
        var causes: [(text: String, kinds: [(kind: ResourceKind, count: Int)])] = []
        for change in unknownChanges {
            guard let text = cause(change) else { continue }
            let kind = change.key.kind
            if let index = causes.firstIndex(where: { $0.text == text }) {
                if let place = causes[index].kinds.firstIndex(where: { $0.kind == kind }) {
                    causes[index].kinds[place].count += 1
                } else {
                    causes[index].kinds.append((kind, 1))
                }
            } else {
                causes.append((text, [(kind, 1)]))
            }
        }
        guard !causes.isEmpty else { return }
        line()
        line("Unknown, and left alone:")
        for cause in causes.sorted(by: { compareBytes($0.text, $1.text) < 0 }) {
            line("  \(cause.text):")
            let kinds = cause.kinds.sorted { compareBytes($0.kind.description, $1.kind.description) < 0 }
                .map { ValueText.plain("\($0.kind)") + ($0.count > 1 ? " (\($0.count))" : "") }
            write(kinds.joined(separator: ", "), .dim)
        }
    }

    private func cause(_ change: PlannedChange) -> String? {
        switch UnknownCause(change) {
        case .driverless: "no driver for these kinds in this version, so nothing has to be done"
        case .unobserved:
            ValueText.plain(
                String((change.verdictReason ?? "").dropFirst(change.key.kind.description.count).drop { $0 == " " }))
        case .another, .itself: nil
        }
    }
}
