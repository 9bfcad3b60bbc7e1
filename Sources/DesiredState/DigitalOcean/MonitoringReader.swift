import Basics
import Formats

/// Reads `infra/digitalocean/monitoring.yaml`, and holds it against the inventory and the advisor's rule packs.
struct MonitoringReader {
    let file: String
    let drafts: DraftSet
    private var report: Report { drafts.report }
    /// The thresholds in per cent by metric and level, as `disk_warn`, with the droplet that they are for.
    private(set) var thresholds: [String: [(droplet: String, value: Value, mark: SourceMark)]] = [:]
    private(set) var droplets: [Text] = []

    init(_ file: String, _ drafts: DraftSet) {
        self.file = file
        self.drafts = drafts
    }

    /// The packs are the advisor's.
    static func read(
        _ library: inout Library, _ inventory: InventoryReading, _ packs: [DocumentContent], _ drafts: DraftSet
    ) {
        guard
            let document = library.take(
                "infra/digitalocean/monitoring", schema: "ssot.infra.digitalocean.monitoring.v1",
                domain: "digitalocean", scopes: [.kind(.alertPolicy)], drafts.report), let root = document.root
        else { return }
        var reader = MonitoringReader(document.path, drafts)
        reader.read(root)
        reader.compareInventory(inventory, library)
        guard let figures = document.content.reading(MonitoringFigures.self, Report()) else { return }
        for pack in packs { _ = pack.reading(PackComparison.self, given: figures, drafts.report) }
    }

    mutating func read(_ root: Node) {
        let fields = Fields(root, "the monitoring", in: file, report)
        let section = fields.fields("alert_policies", required: true)
        if let cause = fields.fault ?? section?.fault { report.unknown(.kind(.alertPolicy), cause) }
        for entry in section?.allEntries() ?? [] { readDroplet(entry) }
        // Alerts of a droplet that slid out of the others are still wanted.
        for item in root.entries ?? [] where item.key != "alert_policies" && item.value["droplet_name"] != nil {
            report.unknown(
                .kind(.alertPolicy),
                report.warning(
                    .unknownKey, "the monitoring has the alerts \(quoted(item.key)) beside `alert_policies`",
                    at: item.keyMark(in: file),
                    hint: "Move them below `alert_policies`; until then the alerts are left alone."))
        }
    }

    // MARK: Alerts of a droplet

    private mutating func readDroplet(_ section: Node.Entry) {
        let entry = Fields(section.value, "the alerts \(quoted(section.key))", in: file, report)
        let name = entry.text("droplet_name", required: true)
        guard !section.isAmbiguous, entry.fault == nil, let name else {
            if let cause = entry.fault { report.unknown(.kind(.alertPolicy), cause) }
            return
        }
        droplets.append(name)
        for metric in AlertMetric.allCases {
            guard let alerts = entry.fields(metric.rawValue) else {
                if let cause = entry.broken[metric.rawValue] { report.unknown(.kind(.alertPolicy), cause) }
                continue
            }
            // What a lost line with a metric leaves behind: the next metric may have been swallowed. And a text may have
            // swallowed the alerts themselves.
            if alerts.hasDuplicates || alerts.isNoMapping, let cause = alerts.fault {
                report.unknown(.kind(.alertPolicy), cause)
            }
            if metric == .outboundBandwidth {
                readAlert(alerts, metric, level: "low", name)
                continue
            }
            for level in Self.levels {
                guard let alert = alerts.fields(level) else {
                    if let cause = alerts.broken[level] {
                        drafts.lose(Self.key(name, metric, level), cause, at: alerts.mark)
                    }
                    continue
                }
                readAlert(alert, metric, level: level, name)
            }
            alerts.allow("notes", "description")
            alerts.finishLeniently()
            for level in Self.levels {
                guard let cause = alerts.broken[level] else { continue }
                drafts.lose(Self.key(name, metric, level), cause, at: alerts.mark)
            }
            if let cause = checkLevels(alerts) {
                for level in Self.levels { drafts.lose(Self.key(name, metric, level), cause, at: alerts.mark) }
            }
            compareLevels(alerts, metric, name)
        }
        checkMetrics(section, entry)
    }

    private static let levels = ["warn", "crit"]

    /// Tells of a level that nobody knows: which alerts it was to be is not known.
    private func checkLevels(_ alerts: Fields) -> Cause? {
        var cause: Cause?
        let told = Set(alerts.unknownEntries.map(\.entry.key))
        for item in alerts.unclaimed
        where item.value.entries != nil && !told.contains(item.key) && !item.key.isForeignKey {
            // `critical` is no misspelling of `crit`.
            let meant = Self.levels.first { item.key.lowercased().hasPrefix($0) }
            let known = "Write `\(alternatives(Self.levels))`"
            let unknown = report.warning(
                .unknownKey, "\(alerts.subject) has the unknown level \(quoted(item.key))",
                at: item.keyMark(in: file),
                hint: (meant.map { "Did you mean `\($0)`?" } ?? known + ", or begin its name with `x-`.")
                    + " Until that is clear, its alerts are left alone.")
            cause = cause ?? unknown
        }
        return cause
    }

    /// Tells of levels beside the metrics, and of metrics that nobody knows.
    private func checkMetrics(_ section: Node.Entry, _ entry: Fields) {
        for item in section.value.entries ?? [] where Self.levels.contains(item.key) {
            report.unknown(
                .kind(.alertPolicy),
                report.warning(
                    .unknownKey, "\(entry.subject) have the level `\(item.key)` beside the metrics",
                    at: item.keyMark(in: file), hint: "Move it below its metric; until then the alerts are left alone.")
            )
        }
        for item in section.value.entries ?? [] where AlertMetric(rawValue: item.key) == nil {
            let missing = AlertMetric.allCases.map(\.rawValue).filter { section.value[$0] == nil }
            let meant = closest(to: item.key, among: missing)
            let holdsLevels = Self.levels.contains { item.value[$0]?.value.entries != nil } && !item.key.isForeignKey
            guard meant != nil || holdsLevels else { continue }
            report.unknown(
                .kind(.alertPolicy),
                report.warning(
                    .unknownKey, "\(entry.subject) have the unknown metric \(quoted(item.key))",
                    at: item.keyMark(in: file),
                    hint: (meant.map { "Did you mean `\($0)`?" }
                        ?? "Write \(alternatives(AlertMetric.allCases.map(\.rawValue))), or begin its name with `x-`.")
                        + " Until that is clear, the alerts are left alone."))
        }
    }

    private static func key(_ droplet: Text, _ metric: AlertMetric, _ level: String) -> ResourceKey {
        ResourceKey(.alertPolicy, "\(droplet.value)/\(metric.rawValue)/\(level)")
    }

    private mutating func readAlert(_ alert: Fields, _ metric: AlertMetric, level: String, _ droplet: Text) {
        let key = Self.key(droplet, metric, level)
        let value = number(metric.threshold, alert)
        let minutes = alert.integer("duration_min", required: true, in: 1...60)
        var attributes = [
            // A droplet that is nowhere holds its alerts back, with the reason, instead of failing them in each pass.
            WantedAttribute(
                "droplet_id", .reference(ResourceKey(.droplet, droplet.value), attribute: "id"), at: droplet.mark),
            WantedAttribute("type", .literal(.string(metric.type)), at: alert.mark),
            WantedAttribute("compare", .literal(.string(metric.comparison)), at: alert.mark),
            WantedAttribute("enabled", .literal(.bool(true)), at: alert.mark),
        ]
        if let value {
            attributes.append(WantedAttribute(metric.attribute, .literal(value.value), at: value.mark))
            if metric.threshold == "threshold_pct", let short = metric.short {
                thresholds["\(short)_\(level)", default: []].append((droplet.value, value.value, value.mark))
            }
        }
        if let minutes {
            if let window = AlertMetric.windows[minutes.value] {
                attributes.append(WantedAttribute("window", .literal(.string(window)), at: minutes.mark))
            } else {
                alert.fail(
                    .outOfRange, "`duration_min` of \(alert.subject) is \(minutes.value)", at: minutes.mark,
                    hint: "Write 5, 10, 30 or 60: the provider knows no other window.")
            }
        }
        guard drafts.isSound(alert, key, .alertPolicy) else { return }
        drafts.add(Draft(key, attributes, source: alert.mark))
    }

    /// A threshold: a whole number or a fraction that is not negative.
    private func number(_ key: String, _ alert: Fields) -> (value: Value, mark: SourceMark)? {
        guard let entry = alert.entry(key, required: true) else { return nil }
        let mark = entry.value.mark(in: file)
        guard let value = entry.value.scalar?.value, let number = value.doubleValue else {
            alert.fail(
                .wrongType, "`\(key)` of \(alert.subject) is \(entry.value.shapeName) where a number is needed",
                at: mark, hint: "Write a number without quotes.")
            return nil
        }
        let limit = key == "threshold_pct" ? 100.0 : 1_000_000
        guard number >= 0, number <= limit else {
            alert.fail(
                .outOfRange, "`\(key)` of \(alert.subject) is out of range", at: mark,
                hint: "Write a number from 0 to \(Int(limit)).")
            return nil
        }
        return (value, mark)
    }

    /// The warning has to come first.
    private func compareLevels(_ alerts: Fields, _ metric: AlertMetric, _ droplet: Text) {
        let key = metric.threshold
        guard let warn = alerts.entry("warn")?.value[key]?.value, let crit = alerts.entry("crit")?.value[key]?.value,
            let low = warn.scalar?.value.doubleValue,
            let high = crit.scalar?.value.doubleValue, low >= high
        else { return }
        report.warning(
            .thresholdOrder,
            "the warning of `\(metric.rawValue)` of \(quoted(droplet.value)) comes no earlier than the "
                + "critical alert", at: warn.mark(in: file),
            hint: "Let the warning begin below the critical threshold.",
            notes: [Diagnostic.Note("the critical threshold is here", at: crit.mark(in: file))])
    }

    // MARK: Against other documents

    private func compareInventory(_ inventory: InventoryReading, _ library: Library) {
        var known = inventory.droplets.declared
        var place = library.document(.inventory)?.path
        if place == nil {
            // Without an inventory, what people wrote down as being there.
            guard let listing = library.entry(under: "integrations/platform_inventory"),
                let items = listing.root?.at("cloud", "digitalocean", "services", "droplets")?.items
            else { return }
            known = Set(items.compactMap { $0.text("name") })
            place = listing.path
        }
        guard let place, inventory.droplets.incomplete == nil, inventory.fault == nil else { return }
        for droplet in droplets where !known.contains(droplet.value) {
            let cause = report.warning(
                .dropletNotListed,
                "monitoring names the droplet \(quoted(droplet.value)), which \(place) doesn't list", at: droplet.mark,
                hint: didYouMean(droplet.value, among: known.sorted(), else: "Add the droplet, or remove its alerts."),
                notes: [
                    Diagnostic.Note("the list of droplets is there", at: SourceMark(file: place, line: 1, column: 1))
                ])
            // The alerts of the one that was meant are still wanted.
            report.keep(.kind(.alertPolicy), cause)
        }
    }
}
