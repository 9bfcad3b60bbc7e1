import Basics
import CYaml

/// Builds the tree from libyaml's events.
///
/// Lists and mappings under way stand on a stack of our own, never on the call stack, so that no nesting can exhaust it.
struct YAMLReader {
    private struct Frame {
        let isMap: Bool
        let line: Int32
        let column: Int32
        var items: [Node] = []
        var entries: [Node.Entry] = []
        /// The key whose value comes next.
        var key: Key?
        /// Where each key stands in `entries`; only filled in a mapping that outgrew a search from the front.
        var positions: [String: Int] = [:]
    }

    private struct Key {
        let text: String
        let line: Int32
        let column: Int32
        /// The entry that has the same key already.
        let earlier: Int?
    }

    private static let searchLimit = 16
    /// A file with more faults than this names only the first ones.
    private static let diagnosticLimit = 50

    private let file: String
    private let limits: YAMLLimits
    private var frames: [Frame] = []
    private var root: Node?
    private var diagnostics: [Diagnostic] = []
    private var nodeCount = 0
    private var aliasCount = 0
    private var documentCount = 0
    /// Something was met that makes the whole tree untrustworthy.
    private var isRefused = false

    init(file: String, limits: YAMLLimits) {
        self.file = file
        self.limits = limits
    }

    mutating func read(_ bytes: [UInt8]) -> YAMLDocument {
        let source = YAMLSource(bytes: bytes, file: file)
        if let refusal = source.refusal(limits) {
            return YAMLDocument(root: nil, diagnostics: [refusal], nodeCount: 0, aliasCount: 0)
        }
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            report(.error, FormatCode.limit, "there is not enough memory to read the file", 1, 1)
            return document()
        }
        defer { yaml_parser_delete(parser) }
        bytes.withUnsafeBufferPointer { buffer in
            // An empty array has no base address, and libyaml asserts that there is one.
            var nothing: UInt8 = 0
            if let base = buffer.baseAddress {
                yaml_parser_set_input_string(parser, base, buffer.count)
                readEvents(parser, source)
            } else {
                withUnsafePointer(to: &nothing) {
                    yaml_parser_set_input_string(parser, $0, 0)
                    readEvents(parser, source)
                }
            }
        }
        if root == nil, !isRefused {
            report(
                .warning, FormatCode.empty, "the file holds no document", 1, 1,
                hint: "delete the file, or write what should be there")
        }
        return document()
    }

    private func document() -> YAMLDocument {
        YAMLDocument(
            root: isRefused ? nil : root, diagnostics: diagnostics.sorted(), nodeCount: nodeCount,
            aliasCount: aliasCount)
    }

    private mutating func readEvents(_ parser: UnsafeMutablePointer<yaml_parser_t>, _ source: YAMLSource) {
        var event = yaml_event_t()
        while true {
            guard yaml_parser_parse(parser, &event) == 1 else {
                isRefused = true
                diagnostics.append(YAMLProblem(parser.pointee, source).diagnostic())
                return
            }
            let isLast = event.type == YAML_STREAM_END_EVENT
            let goesOn = take(event, source)
            yaml_event_delete(&event)
            if isLast || !goesOn { return }
        }
    }

    /// False when nothing more is to be read.
    private mutating func take(_ event: yaml_event_t, _ source: YAMLSource) -> Bool {
        let line = Int32(clamping: event.start_mark.line + 1)
        let column = Int32(clamping: event.start_mark.column + 1)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            documentCount += 1
            guard documentCount > 1 else { return true }
            refuse(
                FormatCode.secondDocument, "a second document starts here; a file holds one", line, column,
                hint: "move what follows the '---' into a file of its own")
            return false
        case YAML_ALIAS_EVENT:
            aliasCount += 1
            refuse(
                FormatCode.alias, "an alias ('*') stands here; aliases are not read", line, column,
                hint: "write the value out; a text that starts with '*' needs quotes")
            return add("*", isPlain: false, line, column)
        case YAML_SCALAR_EVENT:
            let data = event.data.scalar
            refuseProperties(data.anchor, data.tag, line, column)
            let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
            let isPlain = data.style == YAML_PLAIN_SCALAR_STYLE
            if isPlain, event.end_mark.line > event.start_mark.line { refuseSwallowedItem(text, event, source) }
            return add(text, isPlain: isPlain, line, column)
        case YAML_SEQUENCE_START_EVENT:
            let data = event.data.sequence_start
            refuseProperties(data.anchor, data.tag, line, column)
            return open(Frame(isMap: false, line: line, column: column))
        case YAML_MAPPING_START_EVENT:
            let data = event.data.mapping_start
            refuseProperties(data.anchor, data.tag, line, column)
            return open(Frame(isMap: true, line: line, column: column))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return close()
        default: return true
        }
    }

    /// A plain text may go on over lines, and a `- ` at the beginning of one is then a part of the text.
    ///
    /// Nobody means that: the item is at another column than those before it, and would be gone without a word.
    private mutating func refuseSwallowedItem(_ text: String, _ event: yaml_event_t, _ source: YAMLSource) {
        guard text.contains(" - ") || text.hasSuffix(" -") else { return }
        for number in event.start_mark.line + 2...event.end_mark.line + 1 {
            let line = source.line(number)
            let rest = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard rest.first == UInt8(ascii: "-"), rest.count == 1 || rest.dropFirst().first == UInt8(ascii: " ") else {
                continue
            }
            return refuse(
                FormatCode.swallowedItem, "this item is read as a part of the text before it",
                Int32(clamping: number), Int32(clamping: line.count - rest.count + 1),
                hint: "begin it at the column of the other items; a text that goes on over lines needs '>' or quotes")
        }
    }

    // MARK: Building

    private mutating func add(_ text: String, isPlain: Bool, _ line: Int32, _ column: Int32) -> Bool {
        if let frame = frames.last, frame.isMap, frame.key == nil {
            return addKey(text, isPlain: isPlain, line, column)
        }
        let value = isPlain ? YAMLScalar.resolve(text) : .string(text)
        return add(Node(.scalar(Node.Scalar(text: text, isPlain: isPlain, value: value)), line: line, column: column))
    }

    private mutating func addKey(_ text: String, isPlain: Bool, _ line: Int32, _ column: Int32) -> Bool {
        if isPlain, text.isEmpty {
            refuse(
                FormatCode.key, "a key is missing before the colon", line, column,
                hint: "write the key, or quote the text")
            return false
        }
        if isPlain, text == "<<" {
            refuse(
                FormatCode.mergeKey, "a merge key ('<<') stands here; merge keys are not read", line, column,
                hint: "write the merged keys out")
        }
        let top = frames.count - 1
        let earlier = indexOfEntry(text, in: &frames[top])
        if let earlier {
            let first = frames[top].entries[earlier]
            let mark = first.keyMark(in: file)
            report(
                .error, FormatCode.duplicateKey,
                "the key '\(Redaction.redact(text))' stands twice in one mapping; it stood first in line \(mark.line)",
                line, column, hint: "keep one of the two; until then neither is used",
                notes: [Diagnostic.Note("the first one", at: mark)])
            frames[top].entries[earlier] = Node.Entry(
                key: first.key, keyLine: first.keyLine, keyColumn: first.keyColumn, value: first.value,
                duplicates: first.duplicates + [Node.Position(line: line, column: column)])
        }
        frames[top].key = Key(text: text, line: line, column: column, earlier: earlier)
        return count(line, column)
    }

    private func indexOfEntry(_ key: String, in frame: inout Frame) -> Int? {
        guard frame.entries.count > Self.searchLimit else { return frame.entries.firstIndex { $0.key == key } }
        for index in frame.positions.count..<frame.entries.count { frame.positions[frame.entries[index].key] = index }
        return frame.positions[key]
    }

    private mutating func add(_ node: Node) -> Bool {
        guard let top = frames.indices.last else {
            root = node
            return count(node.line, node.column)
        }
        if !frames[top].isMap {
            frames[top].items.append(node)
        } else if let key = frames[top].key {
            frames[top].key = nil
            if key.earlier == nil {
                frames[top].entries.append(
                    Node.Entry(key: key.text, keyLine: key.line, keyColumn: key.column, value: node))
            }
        } else {
            refuse(
                FormatCode.key, "\(node.shapeName) stands where a key should be", node.line, node.column,
                hint: "a key is a text; quote a value that starts with '{' or '['")
            return false
        }
        return count(node.line, node.column)
    }

    private mutating func count(_ line: Int32, _ column: Int32) -> Bool {
        nodeCount += 1
        guard nodeCount > limits.maximumNodes else { return diagnostics.count < Self.diagnosticLimit || !isRefused }
        refuse(
            FormatCode.limit, "the file has more than \(limits.maximumNodes) values and keys", line, column,
            hint: "split the file")
        return false
    }

    private mutating func open(_ frame: Frame) -> Bool {
        guard frames.count < limits.maximumDepth else {
            refuse(
                FormatCode.limit, "the file is nested deeper than \(limits.maximumDepth) levels", frame.line,
                frame.column)
            return false
        }
        frames.append(frame)
        return true
    }

    private mutating func close() -> Bool {
        guard let frame = frames.popLast() else { return false }
        return add(Node(frame.isMap ? .map(frame.entries) : .list(frame.items), line: frame.line, column: frame.column))
    }

    // MARK: Refusing

    private mutating func refuseProperties(
        _ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?, _ line: Int32, _ column: Int32
    ) {
        if anchor != nil {
            aliasCount += 1
            refuse(
                FormatCode.alias, "an anchor ('&') stands here; anchors are not read", line, column,
                hint: "write the value out where it is needed; a text that starts with '&' needs quotes")
        }
        if tag != nil {
            refuse(
                FormatCode.tag, "a tag ('!') stands here; tags are not read", line, column,
                hint: "remove the tag; a text that starts with '!' needs quotes")
        }
    }

    private mutating func refuse(_ code: String, _ message: String, _ line: Int32, _ column: Int32, hint: String? = nil)
    {
        isRefused = true
        report(.error, code, message, line, column, hint: hint)
    }

    private mutating func report(
        _ severity: Diagnostic.Severity, _ code: String, _ message: String, _ line: Int32, _ column: Int32,
        hint: String? = nil, notes: [Diagnostic.Note] = []
    ) {
        guard diagnostics.count < Self.diagnosticLimit || code != FormatCode.alias else { return }
        diagnostics.append(
            Diagnostic(
                severity, code, message, at: SourceMark(file: file, line: Int(line), column: Int(column)), hint: hint,
                notes: notes))
    }
}
