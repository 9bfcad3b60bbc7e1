import Basics
import Formats

extension GitHubReader {
    /// Reads `github/org_repos.yaml`.
    mutating func readRepositories(_ root: Node, _ file: String) {
        let fields = Fields(root, "the list of repositories", in: file, report)
        let organisation = fields.text("org", required: true)
        let nodes = fields.nodes("repos", required: true)
        if let cause = fields.broken["repos"] ?? (organisation == nil || nodes == nil ? fields.fault : nil) {
            report.unknown(.kind(.repository), cause)
            report.unknown(.kind(.gitHubHook), cause)
            report.unknown(.kind(.gitHubLabel), cause)
            if organisation == nil { report.unknown(.kind(.gitHubProject), cause) }
        }
        guard let organisation else { return }
        var names: Set<String> = []
        for node in nodes ?? [] {
            let entry = Fields(node, "a repository", in: file, report)
            // An older version calls it `repo_name`.
            let isOlder = node["name"] == nil && node["repo_name"] != nil
            let name = entry.text(isOlder ? "repo_name" : "name", required: true)
            var isUsable = false
            if let name {
                entry.describe(as: "the repository \(quoted(name.value))")
                names.insert(name.value)
                isUsable = isRepositoryName(name, entry)
            }
            checkLifecycle(entry, among: nodes ?? [])
            var attributes = WantedAttribute.of("description", entry.text("description"))
            for key in [
                "lifecycle", "category", "data_classification", "system_of_record", "visibility", "rename_from",
            ] {
                attributes += WantedAttribute.of(key, entry.text(key))
            }
            if let target = entry.text("rename_target") {
                names.insert(target.value)
                _ = isRepositoryName(target, entry)
            }
            attributes += WantedAttribute.of("tier", entry.text("tier", orNumber: true))
            // Under a name that can't be used it may be meant for any repository.
            let key = !isUsable ? nil : name.map { ResourceKey(.repository, "\(organisation.value)/\($0.value)") }
            readHooks(entry, of: key)
            let labels = readLabels(entry, in: key.map { [$0.name] } ?? [])
            entry.finishLeniently()
            // A line that is doubtful may have been one of theirs.
            if let cause = entry.fault { report.unknown(kinds: [.gitHubHook, .gitHubLabel], cause) }
            if let key {
                labelWishes += labels.map {
                    LabelWish(
                        repository: key.name, name: $0.name.value, attributes: $0.attributes, mark: $0.mark, entry: key)
                }
            }
            guard drafts.isSound(entry, key, .repository), let key else { continue }
            add(Draft(key, attributes, source: node.mark(in: file)))
        }
        readBoards(fields, organisation)
        if fields.broken["repos"] == nil { checkProtected(organisation, names, complete: nodes != nil) }
        for node in fields.nodes("pending_renames") ?? [] {
            guard let target = node["to"]?.value, let text = target.scalar?.text, !names.contains(text) else {
                continue
            }
            report.warning(
                .unknownReference, "a pending rename leads to \(quoted(text)), which the list doesn't hold",
                at: target.mark(in: file),
                hint: didYouMean(text, among: names.sorted(), else: "Add the repository, or remove the rename."))
        }
        fields.finishLeniently()
        if let cause = fields.broken["projects"] { report.unknown(.kind(.gitHubProject), cause) }
    }

    /// GitHub takes letters, digits, `-`, `_` and `.`, at most a hundred.
    private func isRepositoryName(_ name: Text, _ entry: Fields) -> Bool {
        let isValid =
            name.value.utf8.count <= 100 && name.value != "." && name.value != ".." && !name.value.hasSuffix(".git")
            && name.value.utf8.allSatisfy {
                ($0 | 32) >= 97 && ($0 | 32) <= 122 || (48...57).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
            }
        if isValid { return true }
        entry.fail(
            .invalidName, "\(entry.subject) has the name \(quoted(name.value)), which GitHub refuses", at: name.mark,
            hint: "Use letters, digits, `-`, `_` and `.`, at most 100, without the organisation before it.")
        return false
    }

    /// Words for where a repository stands in its life; others may be used, and one nearly as these is a slip.
    private static let lifecycles = [
        "active", "archived", "deprecated", "experimental", "incubating", "maintenance", "planned", "proposed",
        "retired", "sunset",
    ]

    private func checkLifecycle(_ entry: Fields, among repositories: [Node]) {
        guard let node = entry.node("lifecycle"), let word = node.scalar?.value.stringValue,
            !Self.lifecycles.contains(word), let meant = closest(to: word, among: Self.lifecycles),
            // A word that several have is meant so.
            repositories.count(where: { $0.text("lifecycle") == word }) == 1
        else { return }
        report.warning(
            .unknownWord, "`lifecycle` of \(entry.subject) is \(quoted(word))", at: node.mark(in: entry.file),
            hint: "Did you mean `\(meant)`?")
    }

    /// A protection for a repository that the list of its organisation doesn't hold; capitals make no other name.
    private func checkProtected(_ organisation: Text, _ names: Set<String>, complete isComplete: Bool) {
        guard isComplete, let repository = protectedRepository else { return }
        let parts = repository.value.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0].lowercased() == organisation.value.lowercased(),
            !names.contains(where: { $0.lowercased() == parts[1].lowercased() })
        else { return }
        report.warning(
            .unknownReference,
            "the branches of \(quoted(repository.value)) are to be protected, which the list of repositories doesn't hold",
            at: repository.mark,
            hint: didYouMean(
                parts[1], among: names.sorted { $0.precedesByBytes($1) },
                else: "Add the repository to `repos`, or correct the name."),
            notes: [Diagnostic.Note("the list is of this organisation", at: organisation.mark)])
    }

    // MARK: Apps

    /// Where apps are listed, with the key of their list and of their name; in order of precedence.
    private static let lists: [(stem: String, list: String, name: String)] = [
        ("github/apps/org-installed", "apps", "slug"), ("github/apps", "apps", "id"),
    ]

    /// Reads the apps that are installed or meant to be.
    mutating func readApps(_ library: inout Library) {
        for (stem, list, name) in Self.lists {
            guard
                let document = library.take(stem, domain: "github", scopes: [.kind(.gitHubApp)], report),
                let root = document.root
            else { continue }
            let fields = Fields(root, "the list of GitHub apps", in: document.path, report)
            let nodes = fields.nodes(list, required: true)
            if let cause = fields.broken[list] ?? (nodes == nil ? fields.fault : nil) {
                report.unknown(.kind(.gitHubApp), cause)
            }
            for node in nodes ?? [] { readApp(node, name: name, document.path) }
        }
        readOwnApp(&library)
    }

    private func readApp(_ node: Node, name: String, _ file: String) {
        let entry = Fields(node, "a GitHub app", in: file, report)
        let text = entry.text(name, required: true)
        if let text { entry.describe(as: "the GitHub app \(quoted(text.value))") }
        let key = text.map { ResourceKey(.gitHubApp, $0.value) }
        let attributes = appAttributes(entry)
        guard drafts.isSound(entry, key, .gitHubApp), let key else { return }
        add(Draft(key, attributes, source: node.mark(in: file)))
    }

    /// What an app may do and hears of; the same keys in all documents.
    private func appAttributes(_ entry: Fields) -> [WantedAttribute] {
        var attributes = WantedAttribute.of("status", entry.text("status"))
        attributes += WantedAttribute.of("repository_selection", entry.text("repository_selection"))
        attributes += WantedAttribute.of("app_id", entry.integer("app_id", in: 1...Int64.max))
        attributes += WantedAttribute.of("installation_id", entry.integer("installation_id", in: 1...Int64.max))
        if let permissions = entry.fields("permissions") {
            for item in permissions.allEntries() {
                guard let level = permissions.word(item.key, of: ["read", "write", "admin", "none"]) else { continue }
                attributes += WantedAttribute.of("permissions.\(item.key)", level)
            }
            entry.absorb(permissions)
        }
        attributes += WantedAttribute.of("events", set: entry.texts("events"), at: entry.mark(of: "events"))
        if let webhook = entry.fields("webhook") {
            attributes += WantedAttribute.of("webhook.url", webhook.text("url"))
            attributes += WantedAttribute.of("webhook.active", webhook.flag("active"))
            attributes += WantedAttribute.of("webhook.secret_ref", webhook.text("secret_ref"))
            entry.absorb(webhook)
        }
        return attributes
    }

    /// The organisation's own app: `github/apps/*.yaml` with `app`, and `github/app-manifest.yaml`, which has to agree.
    private mutating func readOwnApp(_ library: inout Library) {
        var wanted: [String: Draft] = [:]
        for document in library.take(below: "github/apps", domain: "github", scopes: [.kind(.gitHubApp)], report) {
            guard let root = document.root, root["apps"] == nil else { continue }
            let fields = Fields(root, "the GitHub app of \(document.path)", in: document.path, report)
            guard let entry = fields.fields("app", required: true) else {
                if let cause = fields.fault { report.unknown(.kind(.gitHubApp), cause) }
                continue
            }
            let name = entry.text("name", required: true)
            let key = name.map { ResourceKey(.gitHubApp, $0.value) }
            let attributes = appAttributes(entry)
            guard drafts.isSound(entry, key, .gitHubApp), let key else { continue }
            let draft = Draft(key, attributes, source: entry.mark)
            add(draft)
            wanted[key.name] = draft
            readAppDrift(entry, draft)
        }
        guard
            let manifest = library.take("github/app-manifest", domain: "github", scopes: [.kind(.gitHubApp)], report),
            let root = manifest.root
        else { return }
        let entry = Fields(root, "the manifest of the GitHub app", in: manifest.path, report)
        let name = entry.text("name", required: true)
        let key = name.map { ResourceKey(.gitHubApp, $0.value) }
        let attributes = appAttributes(entry)
        guard entry.fault == nil, let key else {
            _ = drafts.isSound(entry, key, .gitHubApp)
            return
        }
        guard let draft = wanted[key.name] else {
            add(Draft(key, attributes, source: entry.mark))
            return
        }
        compare(attributes, entry, with: draft)
    }

    /// What people know that the app is not yet; wanted as `null` is what it should not have.
    private mutating func readAppDrift(_ entry: Fields, _ app: Draft) {
        settings = [:]
        for wanted in app.attributes {
            guard case .literal(let value) = wanted.value, let mark = wanted.mark else { continue }
            settings[wanted.name] = Setting(key: app.key, attribute: wanted.name, value: value, mark: mark)
        }
        for node in entry.nodes("known_drift") ?? [] {
            guard let field = node["field"]?.value.filledText, settings[field] == nil,
                node["desired_value"]?.value.scalar?.value.isNull == true
            else { continue }
            settings[field] = Setting(key: app.key, attribute: field, value: .null, mark: node.mark(in: entry.file))
        }
        readDrift(entry, isWhole: true)
    }

    /// Holds the manifest against the app's own document, attribute by attribute.
    private func compare(_ attributes: [WantedAttribute], _ entry: Fields, with draft: Draft) {
        let own = Dictionary(draft.attributes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for attribute in attributes {
            let other = own[attribute.name]
            guard other?.value != attribute.value else { continue }
            report.warning(
                .documentDisagreement,
                "\(entry.subject) and the document of the app want different things of `\(attribute.name)`",
                at: attribute.mark, hint: "Make both say the same. The document of the app is taken until then.",
                notes: [
                    Diagnostic.Note(
                        other == nil ? "the document of the app, which doesn't name it" : "the document of the app",
                        at: other?.mark ?? draft.source)
                ])
        }
    }
}
