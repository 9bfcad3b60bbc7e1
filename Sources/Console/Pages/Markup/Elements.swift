/// Joins what stands one after the other; a text among it is escaped.
@resultBuilder
enum Content {
    static func buildExpression(_ part: HTML) -> HTML { part }
    static func buildExpression(_ text: String) -> HTML { HTML(text) }
    static func buildBlock(_ parts: HTML...) -> HTML { joined(parts) }
    static func buildOptional(_ part: HTML?) -> HTML { part ?? HTML() }
    static func buildEither(first part: HTML) -> HTML { part }
    static func buildEither(second part: HTML) -> HTML { part }
    static func buildArray(_ parts: [HTML]) -> HTML { joined(parts) }

    private static func joined(_ parts: [HTML]) -> HTML {
        var all = HTML()
        for part in parts { all += part }
        return all
    }
}

/// An element with a class and what stands in it.
func element(
    _ tag: HTML.Tag, _ name: String = "", _ attributes: Attribute..., @Content content: () -> HTML = { HTML() }
) -> HTML {
    HTML(tag, name.isEmpty ? attributes : [.class(name)] + attributes, content())
}

func div(_ name: String = "", @Content content: () -> HTML) -> HTML { element(.div, name, content: content) }
func span(_ name: String = "", @Content content: () -> HTML) -> HTML { element(.span, name, content: content) }
func span(_ name: String, _ text: String) -> HTML { element(.span, name) { text } }
func p(_ name: String = "", @Content content: () -> HTML) -> HTML { element(.p, name, content: content) }
func p(_ text: String, _ name: String = "") -> HTML { element(.p, name) { text } }
func code(_ text: String) -> HTML { element(.code) { text } }
func strong(_ text: String) -> HTML { element(.strong) { text } }
func a(_ link: Link, _ name: String = "", @Content content: () -> HTML) -> HTML {
    element(.a, name, .href(link), content: content)
}
func a(_ link: Link, _ text: String, _ name: String = "") -> HTML { a(link, name) { text } }

/// What a builder makes of a block on its own.
func markup(@Content _ content: () -> HTML) -> HTML { content() }
