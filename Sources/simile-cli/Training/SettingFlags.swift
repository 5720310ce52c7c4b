import ArgumentParser
import JSON
import Settings
import Support

/// A flag for each setting of a group: `batch_size` is `--batch-size`.
///
/// The parser learns arguments by reflection and fills them by decoding; both are written out here, so that a setting
/// that is added to the group is a flag without another line.
struct SettingFlags<Group: Settings>: ParsableArguments, CustomReflectable {
    private var given: [JSONValue.Member] = []

    init() {}

    init(from decoder: any Decoder) throws {
        let arguments = try decoder.container(keyedBy: Key.self)
        for setting in Group.settings {
            let key = Key(stringValue: setting.key)
            if setting.isSwitch {
                let flag = try arguments.decode(Flag<Bool?>.self, forKey: key)
                if let isOn = flag.wrappedValue { given.append(.init(setting.key, .bool(isOn))) }
            } else if setting.isList {
                let texts = try arguments.decode(Option<[String]>.self, forKey: key).wrappedValue
                if !texts.isEmpty {
                    let elements = texts.flatMap { Self.elements($0, setting) }
                    given.append(.init(setting.key, .array(elements)))
                }
            } else if let text = try arguments.decode(Option<String?>.self, forKey: key)
                .wrappedValue
            {
                given.append(.init(setting.key, Self.value(text, setting)))
            }
        }
    }

    var customMirror: Mirror {
        let defaults = Group().value
        return Mirror(
            self,
            children: Group.settings.map { setting in
                let name = NameSpecification.customLong(Self.flag(setting.key))
                let value =
                    setting.isList ? "" : defaults[setting.key].map { "; \($0.plain)" } ?? ""
                let help = ArgumentHelp(
                    "\(setting.help)\(setting.isSwitch ? "" : " (\(setting.expected)\(value))")")
                if setting.isSwitch {
                    return (
                        "_" + setting.key,
                        Flag<Bool?>(
                            name: name, inversion: .prefixedNo, exclusivity: .exclusive, help: help)
                    )
                }
                let completion: CompletionKind? =
                    setting.isPath
                    ? .file() : setting.choices.isEmpty ? nil : .list(setting.choices)
                return setting.isList
                    ? (
                        "_" + setting.key,
                        Option<[String]>(
                            wrappedValue: [], name: name, help: help, completion: completion)
                    )
                    : (
                        "_" + setting.key,
                        Option<String?>(name: name, help: help, completion: completion)
                    )
            })
    }

    /// Refuses what no setting can be, so that the message names the flag.
    func validate() throws {
        for member in given {
            guard let setting = Group.settings.first(where: { $0.key == member.key }) else {
                continue
            }
            var group = Group()
            let names = setting.choices.isEmpty ? [] : member.value.names
            let wrong = names.first { !setting.choices.contains($0) }
            guard setting.read(&group, member.value), wrong == nil else {
                let meant = wrong.flatMap { closestName(to: $0, among: setting.choices) }
                throw ValidationError(
                    "--\(Self.flag(member.key)) is \(wrong ?? member.value.plain); expected \(setting.expected)"
                        + (meant.map { "; did you mean '\($0)'?" } ?? ""))
            }
        }
    }

    /// Whether none was given.
    var isEmpty: Bool { given.isEmpty }

    /// The settings with those that were given in place of theirs.
    func applied(to settings: Group) -> Group {
        var result = settings
        for member in given {
            let setting = Group.settings.first { $0.key == member.key }
            _ = setting?.read(&result, member.value)
        }
        return result
    }

    static func flag(_ key: String) -> String { key.replacing("_", with: "-") }

    /// A text as the value that the setting takes: a number where it takes one.
    private static func value(_ text: String, _ setting: Setting<Group>) -> JSONValue {
        var group = Group()
        return setting.read(&group, .string(text)) ? .string(text) : number(text)
    }

    /// A text as elements of the list that the setting takes; numbers and names may have commas between them.
    private static func elements(_ text: String, _ setting: Setting<Group>) -> [JSONValue] {
        var group = Group()
        if setting.read(&group, .array([.string(text)])) { return [.string(text)] }
        return text.split(separator: ",", omittingEmptySubsequences: false)
            .map { number(String($0)) }
    }

    private static func number(_ text: String) -> JSONValue {
        Int(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.number) ?? .string(text)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension JSONValue {
    /// The name that it is, or those that its elements are.
    fileprivate var names: [String] { string.map { [$0] } ?? strings ?? [] }

    /// The value as a person would type it.
    fileprivate var plain: String {
        // JSON has no word for infinity.
        if let number = double, !number.isFinite { return "\(number)" }
        return string ?? line
    }
}
