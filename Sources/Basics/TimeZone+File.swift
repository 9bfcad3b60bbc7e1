extension TimeZone {
    /// Reads a time-zone file (RFC 8536, `TZif`), version 1 to 4.
    ///
    /// - Throws: `TimeZoneFault` for another format, a file that is cut off, and one that counts leap seconds: its
    ///   instants aren't those of our clocks.
    public init(name: String, file bytes: [UInt8]) throws(TimeZoneFault) {
        var reader = FileReader(bytes: bytes)
        var header = try reader.header()
        var width = 4
        if header.version >= 2 {
            // The first block is for readers that know 32 bits only.
            try reader.skip(header.size(4))
            header = try reader.header()
            width = 8
        }
        guard header.leaps == 0 else { throw TimeZoneFault("it counts leap seconds") }
        guard header.types > 0, header.times <= 100_000, header.types <= 256 else {
            throw TimeZoneFault("it names no local time")
        }
        var times: [Int64] = []
        for _ in 0..<header.times { times.append(try reader.signed(width)) }
        var kinds: [Int] = []
        for _ in 0..<header.times { kinds.append(Int(try reader.signed(1) & 0xFF)) }
        var typeOffsets: [Int64] = []
        for _ in 0..<header.types {
            typeOffsets.append(try reader.signed(4))
            try reader.skip(2)
        }
        guard kinds.allSatisfy({ $0 < header.types }), typeOffsets.allSatisfy({ abs($0) < 26 * 3_600 }),
            zip(times, times.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw TimeZoneFault("its transitions make no sense") }
        try reader.skip(header.letters + header.standards + header.universals)

        var rule: TimeZoneRule?
        if width == 8 {
            let footer = try reader.footer()
            if !footer.isEmpty { rule = try TimeZoneRule(parsing: footer) }
        }
        // A change of the name alone is none.
        var (transitions, offsets): ([Int64], [Int64]) = ([], [typeOffsets[0]])
        for (time, kind) in zip(times, kinds) where typeOffsets[kind] != offsets[offsets.count - 1] {
            transitions.append(time)
            offsets.append(typeOffsets[kind])
        }
        // From the last entry of the file on the rule holds, even where that entry changes nothing.
        if rule?.summer != nil, let last = times.last, last != transitions.last {
            transitions.append(last)
            offsets.append(offsets[offsets.count - 1])
        }
        self.init(name: name, transitions: transitions, offsets: offsets, rule: rule)
    }

    private struct FileReader {
        struct Header {
            let version: Int
            let universals: Int
            let standards: Int
            let leaps: Int
            let times: Int
            let types: Int
            let letters: Int

            func size(_ width: Int) -> Int {
                times * width + times + types * 6 + letters + leaps * (width + 4) + standards + universals
            }
        }

        let bytes: [UInt8]
        var place = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func skip(_ count: Int) throws(TimeZoneFault) {
            guard count >= 0, bytes.count - place >= count else { throw TimeZoneFault("it is cut off") }
            place += count
        }

        mutating func signed(_ width: Int) throws(TimeZoneFault) -> Int64 {
            let start = place
            try skip(width)
            var value: Int64 = bytes[start] & 0x80 == 0 ? 0 : -1
            for byte in bytes[start..<place] { value = value << 8 | Int64(byte) }
            return value
        }

        mutating func header() throws(TimeZoneFault) -> Header {
            let start = place
            try skip(20)
            guard bytes[start..<start + 4].elementsEqual("TZif".utf8) else { throw TimeZoneFault("it is no TZif file") }
            let version = bytes[start + 4]
            var counts: [Int] = []
            for _ in 0..<6 {
                let count = try signed(4)
                guard (0...1_000_000).contains(count) else { throw TimeZoneFault("its counts make no sense") }
                counts.append(Int(count))
            }
            return Header(
                version: version >= UInt8(ascii: "2") ? Int(version) - 48 : 1, universals: counts[0],
                standards: counts[1], leaps: counts[2], times: counts[3], types: counts[4], letters: counts[5])
        }

        /// The line after the second block.
        mutating func footer() throws(TimeZoneFault) -> String {
            guard place < bytes.count, bytes[place] == 10, let end = bytes[(place + 1)...].firstIndex(of: 10) else {
                throw TimeZoneFault("its last line is missing")
            }
            return String(decoding: bytes[(place + 1)..<end], as: UTF8.self)
        }
    }
}
