import Basics
import Formats

/// What one file holds, as far as it can be told without any other file.
///
/// It follows from path and bytes alone, so it can be kept from one commit to the next. A secret that stands in it is
/// masked before anything else reads it, so that nothing can be made of it.
final class ParsedFile: Sendable {
    /// With every secret masked.
    let source: SourceFile
    /// Whether a secret stands in it.
    let holdsSecrets: Bool
    /// Nil where it is neither YAML nor JSON, or can't be read as a whole.
    let root: Node?
    /// Why nothing of it can be read; nil where it can.
    let cause: Cause?
    let schema: String?
    /// By which documents it may be found: its own, or all that its lines name where it can't be parsed.
    let schemas: [String]
    /// The places in `DocumentShape.all` of what it may be by what it holds.
    let shapes: [Int]
    /// The same whatever its ending is; of a file without an ending what its bytes would be as YAML.
    let looks: [Int]
    let bytes: Int
    /// Whether its last line has no end, as when it was cut off.
    let endsAbruptly: Bool
    let diagnostics: [Diagnostic]
    /// Whether it is none of its format, or can't be read at all.
    let hasSlips: Bool
    let paths: [PathReference]
    let names: [NameReference]
    /// What was read of it.
    private let readings = Locked<[(type: ObjectIdentifier, kept: any AnyObject & Sendable)]>([])

    convenience init(_ file: SourceFile) {
        switch file.content {
        case .unreadable(let reason):
            let diagnostic = Diagnostic(
                .error, Code.unreadableFile.rawValue, "\(file.path) can't be read: \(Redaction.redact(reason))",
                at: SourceMark(file: file.path, line: 1, column: 1),
                hint: FilePlaces.stem(file.path) != nil || file.path.hasSuffix(".json")
                    ? "Put a plain file in its place; until then all that it says is unknown."
                    : "Put a plain file in its place, or a folder with plain files; until then all that it says is unknown."
            )
            self.init(
                file, root: nil, cause: Cause(diagnostic), schema: nil, bytes: 0, endsAbruptly: false,
                diagnostics: [diagnostic], paths: [], names: [])
        case .bytes(let bytes):
            // One in UTF-16 is refused, and yet looked through: what stands in it is read as it was meant.
            let plain = WideText.narrowed(bytes) ?? bytes
            let found = PastedSecret.find(in: plain)
            let secrets = Self.diagnostics(of: found, plain, file.path)
            let masked = found.isEmpty ? plain : PastedSecret.masked(plain, found)
            let file = SourceFile(path: file.path, content: .bytes(masked), objectID: file.objectID)
            if file.path.hasSuffix(".yaml") || file.path.hasSuffix(".yml") {
                let document = YAML.parse(plain.count == bytes.count ? masked : bytes, file: file.path)
                self.init(yaml: masked, document, file, secrets, size: bytes.count)
            } else {
                self.init(other: masked, file, secrets, size: bytes.count)
            }
        }
    }

    private convenience init(
        yaml bytes: [UInt8], _ document: YAMLDocument, _ file: SourceFile, _ secrets: [Diagnostic], size: Int
    ) {
        let path = file.path
        var cause: Cause?
        if document.root == nil {
            let first = document.diagnostics.first { $0.severity == .error } ?? document.diagnostics.first
            cause = Cause(
                code: first?.code ?? Code.emptyDocument.rawValue, reason: first?.message ?? "\(path) holds nothing",
                mark: first?.mark ?? SourceMark(file: path, line: 1, column: 1))
        }
        let schema = ["schema", "schema_version", "type"].lazy.compactMap { document.root?[$0]?.value.scalar?.text }
            .first
        self.init(
            file, root: document.root, cause: cause, schema: schema, bytes: size,
            schemas: cause == nil ? schema.map { [$0] } ?? [] : NamedSchemas.find(in: bytes),
            endsAbruptly: bytes.last != UInt8(ascii: "\n") && bytes.last != UInt8(ascii: "\r"),
            diagnostics: document.diagnostics + secrets, paths: PathReference.scan(bytes),
            names: document.root.map { NameReference.scan($0) } ?? [], holdsSecrets: !secrets.isEmpty)
    }

    private convenience init(other bytes: [UInt8], _ file: SourceFile, _ secrets: [Diagnostic], size: Int) {
        let path = file.path
        var cause: Cause?
        var diagnostics = secrets
        let isJSON = path.hasSuffix(".json")
        var root: Node?
        if isJSON {
            do {
                root = try JSON.tree(bytes)
            } catch {
                let diagnostic =
                    MergeConflict.diagnostic(of: bytes, file: path, code: error.code)
                    ?? Diagnostic(
                        .error, error.code, error.message, at: Self.mark(of: error.offset, in: bytes, of: path),
                        hint: error.hint ?? "Mend the JSON at this place.")
                diagnostics.append(diagnostic)
                cause = Cause(diagnostic)
            }
        }
        self.init(
            file, root: root, cause: cause, schema: nil, bytes: size, endsAbruptly: false,
            diagnostics: diagnostics,
            paths: isJSON ? PathReference.scan(bytes) : [], names: [], holdsSecrets: !secrets.isEmpty)
    }

    private init(
        _ source: SourceFile, root: Node?, cause: Cause?, schema: String?, bytes: Int, schemas: [String] = [],
        endsAbruptly: Bool, diagnostics: [Diagnostic],
        paths: [PathReference], names: [NameReference], holdsSecrets: Bool = false
    ) {
        self.source = source
        self.holdsSecrets = holdsSecrets
        self.root = root
        self.cause = cause
        self.schema = schema
        self.schemas = schemas
        looks = DocumentShape.find(in: root ?? Self.treeWithoutEnding(source), schemas: schemas)
        shapes = root == nil && schemas.isEmpty ? [] : DocumentShape.only(looks, isJSON: source.path.hasSuffix(".json"))
        self.bytes = bytes
        self.endsAbruptly = endsAbruptly
        self.diagnostics = diagnostics + Self.named(source)
        hasSlips = diagnostics.contains { $0.severity == .error && $0.isSlip }
        self.paths = paths
        self.names = names
    }

    /// Whether it is there without anything that could be looked at.
    var isWithoutBytes: Bool {
        guard case .unreadable = source.content else { return false }
        return true
    }

    /// What a file without an ending holds, where one with it would be a document.
    private static func treeWithoutEnding(_ source: SourceFile) -> Node? {
        let (folder, name) = FilePlaces.parts(of: source.path)
        guard !name.contains("."), DocumentShape.folderNames.contains(FilePlaces.parts(of: folder).name),
            case .bytes(let bytes) = source.content, bytes.count < 1 << 16
        else { return nil }
        return YAML.parse(bytes, file: source.path).root
    }

    // MARK: Readings

    /// What is read of it, now or before.
    ///
    /// - Parameters:
    ///   - type: what is made of it.
    ///   - root: its own.
    ///   - given: what else it is read by; of each sort of reading the last one is kept.
    ///   - report: takes what is wrong with it.
    /// - Returns: what was made of it, now or before.
    func reading<Reading: DocumentReading>(
        _ type: Reading.Type, of root: Node, given: Reading.Given, _ report: Report
    ) -> Reading {
        let key = ObjectIdentifier(type)
        // Few sorts of readings are made of one document.
        let kept = readings.withLock { $0.first { $0.type == key }?.kept }
        if let known = kept as? KeptReading<Reading.Given, Reading>, known.given == given {
            report.add(known.findings)
            return known.reading
        }
        let new = KeptReading(given: given) { Reading(root, in: source.path, given: given, $0) }
        readings.withLock { readings in
            readings.removeAll { $0.type == key }
            readings.append((key, new))
        }
        report.add(new.findings)
        return new.reading
    }

    // MARK: Secrets

    /// One error for each secret, at its place; what it is worth is never part of the message.
    private static func diagnostics(of found: [PastedSecret], _ bytes: [UInt8], _ path: String) -> [Diagnostic] {
        found.map { secret in
            Diagnostic(
                .error, Code.pastedSecret.rawValue, "\(secret.kind) stands here in plain text",
                at: mark(of: secret.range.lowerBound, in: bytes, of: path),
                hint:
                    "Revoke it now, for it stays in the history of the repository; keep the new one in a secret store "
                    + "and write only its name here.")
        }
    }

    /// One error for a path that holds a secret.
    private static func named(_ source: SourceFile) -> [Diagnostic] {
        guard source.isNamedAfterSecret else { return [] }
        return [
            Diagnostic(
                .error, Code.pastedSecret.rawValue, "the name of this file, or of a folder of it, holds a secret",
                at: SourceMark(file: source.path, line: 1, column: 1),
                hint: "Revoke it now, for it stays in the history of the repository; give the file another name.")
        ]
    }

    /// Where it ends.
    var end: SourceMark {
        guard case .bytes(let bytes) = source.content else { return SourceMark(file: source.path, line: 1, column: 1) }
        return Self.mark(of: bytes.count, in: bytes, of: source.path)
    }

    private static func mark(of offset: Int, in bytes: [UInt8], of path: String) -> SourceMark {
        let place = SourceLines.place(of: offset, in: bytes)
        return SourceMark(file: path, line: place.line, column: place.column)
    }
}

extension SourceFile {
    /// With every secret in it masked.
    var masked: SourceFile {
        guard case .bytes(let bytes) = content else { return self }
        guard let masked = PastedSecret.masked(WideText.narrowed(bytes) ?? bytes) else { return self }
        return SourceFile(path: path, content: .bytes(masked), objectID: objectID)
    }
}

extension Cause {
    init(_ diagnostic: Diagnostic) {
        self.init(code: diagnostic.code, reason: diagnostic.message, mark: diagnostic.mark)
    }
}

extension Diagnostic {
    /// Whether it says that a file is none of its format, or can't be read at all.
    var isSlip: Bool { code.hasPrefix("FMT-") || code == Code.unreadableFile.rawValue }
}
