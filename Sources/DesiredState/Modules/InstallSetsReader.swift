import Basics
import Formats

/// Reads `odoo/install_sets/*.yaml`, the waves of an install manifest, and lists of modules that are allowed by name.
struct InstallSetsReader {
    /// The waves and the lists of a repository that keeps them outside of its roots, from the top of it, without ending.
    static let besideManifest = "docs/oca/install_manifest"
    static let besideAllowlists = ["config/oca/module_allowlist", "odoo/ssot/oca_installed_allowlist"]

    let report: Report
    var reading = ModuleReading()

    static func read(_ library: inout Library, _ report: Report) -> ModuleReading {
        var reader = InstallSetsReader(report: report)
        let scopes: [UnknownScope.Extent] = [.kind(.moduleEntry)]
        for document in library.take(below: "odoo/install_sets", domain: "modules", scopes: scopes, report) {
            if let root = document.root { reader.readSet(root, document.path) }
        }
        for stem in ["odoo/install_manifest", "modules/waves", besideManifest] {
            guard let document = library.take(stem, domain: "modules", scopes: scopes, report),
                let root = document.root
            else { continue }
            reader.readWaves(root, document.path)
        }
        let lists =
            ["oca/module_allowlist", "odoo/module_allowlist", "odoo/oca_installed_allowlist"] + besideAllowlists
        for stem in lists {
            guard let document = library.take(stem, domain: "modules", scopes: scopes, report),
                let root = document.root
            else { continue }
            reader.readAllowlist(root, document.path)
        }
        return reader.reading
    }

    // MARK: Install sets

    private mutating func readSet(_ root: Node, _ file: String) {
        let fields = Fields(root, "the install set \(file)", in: file, report)
        let targets = fields.fields("targets", required: true)?.texts("databases", required: true)
        let tiers = fields.fields("module_tiers", required: true)
        let order = fields.fields("policy")?.texts("install_order")
        if let cause = fields.fault { report.unknown(.kind(.moduleEntry), cause) }
        guard let targets, let tiers else { return }
        var wanted: Set<Tier> = []
        for target in targets {
            guard let tier = Tier(alias: target.value) else {
                report.error(
                    .unknownTier, "the target \(quoted(target.value)) is no tier", at: target.mark,
                    hint: didYouMean(
                        target.value, among: ["dev", "stage", "prod", "preview"],
                        else: "Write dev, stage, prod or preview."))
                continue
            }
            wanted.insert(tier)
            reading.targets[tier] = reading.targets[tier] ?? target.value
        }
        for name in order ?? [] where !tiers.keys.contains(name.value) {
            report.warning(
                .unknownReference, "`install_order` names \(quoted(name.value)), which `module_tiers` doesn't hold",
                at: name.mark,
                hint: didYouMean(name.value, among: tiers.keys, else: "Add the modules, or remove the name."))
        }
        for section in tiers.allEntries() {
            let place = order?.firstIndex { $0.value == section.key }
            if let order, place == nil {
                report.warning(
                    .unknownReference, "`install_order` doesn't say when \(quoted(section.key)) is installed",
                    at: section.keyMark(in: file), hint: "Add it to `install_order`; until then it comes last.",
                    notes: [Diagnostic.Note("the order is here", at: order.first?.mark)])
            }
            for module in tiers.texts(section.key) ?? [] {
                reading.wishes.append(
                    ModuleWish(
                        name: module.value, repository: nil, wave: place.map { $0 + 1 }, gate: nil, tiers: wanted,
                        isMustHave: false, mark: module.mark))
            }
        }
        if let cause = tiers.fault { report.unknown(.kind(.moduleEntry), cause) }
    }

    // MARK: Waves

    private mutating func readWaves(_ root: Node, _ file: String) {
        let fields = Fields(root, "the install manifest", in: file, report)
        let database = fields.text("db") ?? fields.text("instance")
        let nodes = fields.nodes("waves", required: true)
        if let cause = fields.fault { report.unknown(.kind(.moduleEntry), cause) }
        var tiers: Set<Tier>?
        if let database {
            let word = database.value.split(separator: "_").last.map(String.init) ?? database.value
            guard let tier = Tier(alias: word) else {
                report.error(
                    .unknownTier, "the install manifest is for \(quoted(database.value)), which says no tier",
                    at: database.mark, hint: "Name the database of a tier, such as `odoo_prod`.")
                return
            }
            tiers = [tier]
            reading.targets[tier] = reading.targets[tier] ?? word
        }
        var numbers: [Int64: SourceMark] = [:]
        var modules: [String: SourceMark] = [:]
        for node in nodes ?? [] {
            let entry = Fields(node, "a wave", in: file, report)
            let number = entry.integer("wave", required: true, in: 0...1_000)
            if let number {
                entry.describe(as: "the wave \(number.value)")
                if let first = numbers[number.value] {
                    report.warning(
                        .duplicateName, "\(entry.subject) is there twice", at: number.mark,
                        hint: "Give each wave a number of its own.", notes: [Diagnostic.Note("first here", at: first)])
                }
                numbers[number.value] = number.mark
            }
            let gate = entry.text("gate")
            for item in entry.nodes("modules", required: true) ?? [] {
                guard let wish = readModule(item, file, wave: number.map { Int($0.value) }, gate: gate?.value, tiers)
                else { continue }
                if let first = modules[wish.name] {
                    report.warning(
                        .duplicateName, "the module \(quoted(wish.name)) is in two waves", at: wish.mark,
                        hint: "Keep it in one; the first is taken.", notes: [Diagnostic.Note("first here", at: first)])
                    continue
                }
                modules[wish.name] = wish.mark
                reading.wishes.append(wish)
            }
            if let cause = entry.fault { report.unknown(.kind(.moduleEntry), cause) }
        }
    }

    /// What is skipped is not wanted.
    private func readModule(
        _ node: Node, _ file: String, wave: Int?, gate: String?, _ tiers: Set<Tier>?
    ) -> ModuleWish? {
        let entry = Fields(node, "a module of a wave", in: file, report)
        let name = entry.text("name", required: true)
        let source = entry.text("source")
        let status = entry.word("status", of: ["pending", "installed", "skipped", "failed"])
        guard entry.fault == nil, let name else {
            if let cause = entry.fault { report.unknown(.kind(.moduleEntry), cause) }
            return nil
        }
        if status?.value == "skipped" { return nil }
        // The source names a repository of the community as `OCA/queue` or `oca/queue`; other words are no repository.
        let parts = source?.value.split(separator: "/") ?? []
        let repository = parts.count == 2 && parts[0].lowercased() == "oca" ? String(parts[1]) : nil
        return ModuleWish(
            name: name.value, repository: repository, wave: wave, gate: gate == "none" ? nil : gate, tiers: tiers,
            isMustHave: false, mark: node.mark(in: file))
    }

    // MARK: What is allowed by name

    /// `packs` with `modules` each, or `modules` or `oca_modules` alone; a module is a text or has a name.
    private mutating func readAllowlist(_ root: Node, _ file: String) {
        guard root.entries != nil else {
            let fault = Fields(root, "the list of allowed modules", in: file, report).fault
            if let fault { report.unknown(.kind(.moduleEntry), fault) }
            return
        }
        var nodes = (root["modules"]?.value.items ?? []) + (root["oca_modules"]?.value.items ?? [])
        if let packs = root["packs"]?.value {
            for pack in packs.items ?? packs.entries?.map(\.value) ?? [] {
                nodes += pack.items ?? pack["modules"]?.value.items ?? []
            }
        }
        for node in nodes {
            let name =
                node.scalar?.value.stringValue ?? node.text("name") ?? node.text("module")
                ?? node.text("technical_name")
            if let name { reading.allowed[name] = reading.allowed[name] ?? node.mark(in: file) }
        }
    }
}
