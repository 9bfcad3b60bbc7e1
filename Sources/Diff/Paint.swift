internal import Basics

/// Colours for terminals, or none.
struct Paint {
    enum Color: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case magenta = "35"
        case cyan = "36"
        case bold = "1"
        case dim = "2"
    }

    let isOn: Bool

    func callAsFunction(_ text: String, _ color: Color) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Columns that a text without colours takes.
    static func width(_ text: String) -> Int { text.displayWidth }

    static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}

extension ChangeAction {
    var symbol: String {
        switch self {
        case .noop: "="
        case .create: "+"
        case .update: "~"
        case .replace: "-/+"
        case .delete: "-"
        case .adopt: "↳"
        case .forget: "."
        case .read: "?"
        }
    }

    var color: Paint.Color {
        switch self {
        case .noop, .forget: .dim
        case .create: .green
        case .update: .yellow
        case .replace, .read: .magenta
        case .delete: .red
        case .adopt: .cyan
        }
    }

    var legend: String {
        switch self {
        case .noop: "as wanted"
        case .read: "unknown"
        default: rawValue
        }
    }
}

extension SourceMark {
    /// `file:line`, as editors and terminals take it.
    var lineText: String { "\(ValueText.plain(file)):\(line)" }

    /// `…/name:line`, where there is no room for more.
    var shortText: String {
        guard let slash = file.lastIndex(of: "/") else { return lineText }
        return "…\(ValueText.plain(String(file[slash...]))):\(line)"
    }
}
