internal import Basics
internal import DesiredState
internal import Formats

/// The lives of environments, what changed outside of git or isn't as it should be, and the diagnostics.
extension PlanWriter {
    /// Environments that end, have ended or can't be judged, where the changes haven't said so already.
    mutating func writeLives() {
        let shown = Set(plan.changes.compactMap(\.environment))
        let lines = plan.environments.filter { !shown.contains($0.slug) }.compactMap { outlook in
            life(outlook).map { (ValueText.plain(outlook.slug), $0) }
        }
        guard !lines.isEmpty else { return }
        line(paint("Environments", .bold))
        let widest = min(lines.map { Paint.width($0.0) }.max() ?? 0, 40)
        for (slug, life) in lines { line("  \(slug)\(Paint.spaces(widest - Paint.width(slug)))  \(life)") }
        line()
    }

    /// How long it lives, and how to change that; nil where it simply lives on.
    func life(_ outlook: EnvironmentOutlook) -> String? {
        let slug = ValueText.plain(outlook.slug)
        let keep = outlook.keeping.command(slug)
        let reason = ValueText.plain(outlook.reason)
        switch outlook.phase {
        case .active:
            guard let end = outlook.expiresAt else { return nil }
            guard outlook.hasBegun else { return "its time begins now (\(reason))" }
            return "expires in \((end - context.now).shortText), \(end.minuteText) UTC"
        case .expiring:
            guard let end = outlook.expiresAt else { return paint("expires soon (\(reason))", .yellow) }
            return paint("expires in \((end - context.now).shortText), \(end.minuteText) UTC", .yellow)
                + " · keep it: \(keep)"
        case .ending:
            guard let goesAt = outlook.goesAt else { return paint("has ended (\(reason))", .yellow) }
            return paint("has ended, goes in \((goesAt - context.now).shortText), \(goesAt.minuteText) UTC", .yellow)
                + " · keep it: \(keep)"
        case .expired:
            let ago = outlook.expiresAt.map { " \((context.now - $0).shortText) ago" } ?? ""
            return paint("expired\(ago)", .red) + " (\(reason)) · bring it back: \(keep)"
        case .unwanted: return paint("no longer wanted", .red) + " (\(reason))"
        case .suspended: return paint("suspended", .yellow) + " (\(reason))"
        case .pinned: return paint("pinned", .yellow) + " (\(reason))"
        case .unknown: return paint("unknown", .magenta) + " (\(reason))"
        }
    }

    // MARK: Drift

    mutating func writeDrift() {
        writeDrift("Changed outside of git", plan.drift.filter { $0.cause == .externalChange && !$0.isOnlyFinding })
        // A rule wants it otherwise: nobody need have changed anything.
        writeDrift("Not as it should be", plan.drift.filter(\.isOnlyFinding))
    }

    private mutating func writeDrift(_ title: String, _ items: [DriftItem]) {
        guard !items.isEmpty else { return }
        line(paint(title, .bold))
        for item in items {
            line("  \(paint(ValueText.plain(item.key.description), .bold)): \(ValueText.plain(item.summary))")
            for attribute in item.attributes {
                let name = ValueText.plain(attribute.path)
                if attribute.isSensitive {
                    line("      \(name): (sensitive)")
                } else {
                    let there = ValueText.cut(ValueText.full(attribute.before), to: max(24, width / 3))
                    let wanted = ValueText.cut(ValueText.full(attribute.after), to: max(24, width / 3))
                    let place = attribute.mark.map { paint("  (\($0.lineText))", .dim) } ?? ""
                    line("      \(name): is \(there), git wants \(wanted)\(place)")
                }
            }
        }
        line()
    }

    // MARK: Diagnostics

    mutating func writeDiagnostics() {
        guard !plan.diagnostics.isEmpty else { return }
        line(paint("Diagnostics", .bold))
        for diagnostic in plan.diagnostics {
            for row in DiagnosticText.render(diagnostic, style: style).split(separator: "\n") { line("  \(row)") }
        }
        line()
    }
}
