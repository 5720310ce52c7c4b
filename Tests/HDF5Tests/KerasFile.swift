import Foundation

/// A file as Keras saves weights, made with h5py 3.16 in the oldest layout.
///
///     f.attrs['backend'] = 'tensorflow'
///     f.attrs['keras_version'] = np.bytes_('2.4.0-tf')
///     f.attrs['layer_names'] = np.array([b'bert', b'dropout_37'])
///     names = ['tf_bert/bert/layer_._0/kernel:0', 'tf_bert/bert/layer_._0/bias:0']
///     text = h5py.string_dtype()
///     bert, dropout = f.create_group('bert'), f.create_group('dropout_37')
///     bert.attrs.create('weight_names', names, dtype=text)
///     dropout.attrs.create('weight_names', [], dtype=text)
///     bert.create_dataset(names[0], data=np.arange(12).reshape(4, 3) / 8, dtype='>f8',
///                         chunks=(3, 3), compression='gzip', shuffle=True)
///     bert.create_dataset(names[1], data=np.array([0.5, -1.5, 65504], dtype='f2'))
///     f.create_dataset('vocabulary', data=['[PAD]', 'é', ''], dtype=text)
///     f['elsewhere'] = h5py.ExternalLink('other.h5', '/x')
///     f['nowhere'] = h5py.SoftLink('/none')
enum KerasFile {
    /// The bytes of the file.
    static var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        for (offset, text) in runs {
            let run = Data(base64Encoded: text) ?? Data()
            bytes.replaceSubrange(offset..<offset + run.count, with: run)
        }
        return bytes
    }

    private static let size = 16232

    /// What is not zero: offsets, and bytes in base 64.
    private static let runs: [(offset: Int, text: String)] = [
        (0, "iUhERg0KGgoAAAAAAAgIAAQAEA=="),
        (
            20,
            """
            AAAAAAAAAAAAAAAA//////////9oPwAAAAAAAP//////////AAAAAAAAAABgAAAAAAAAAAEAAAAAAAAAiAAA\
            AAAAAACoAgAAAAAAAAEADAABAAAAGAAAAAAAAAAQABAAAAAAACADAAAAAAAA8AAAAAAAAABUUkVFAAABAP//\
            //////////////////8AAAAAAAAAAAAYAAAAAAAAIA==
            """
        ),
        (668, "AAAAAAAAAAAAAAAASEVBUAAAAABYAAAAAAAAADAAAAAAAAAAyAI="),
        (
            708,
            """
            AAAAAAAAAAAAAAAAYmVydAAAAABkcm9wb3V0XzM3AAAAAAAAdm9jYWJ1bGFyeQAAAAAAAAEAAAAAAAAAKA==
            """
        ),
        (
            788,
            """
            AAAAAAAAAAAAAAAAEAAQAAAAAACYPgAAAAAAANAAAAAAAAAADABAAAAAAAABAAgAFAAIAGJhY2tlbmQAGQEB\
            ABAAAAAQAAAAAQAAAAAACAAAAAAAAQAAAAAAAAAKAAAAAAgAAAAAAAABAAAADAAwAAAAAAABAA4ACAAIAGtl\
            cmFzX3ZlcnNpb24AAAATAQAACAAAAAEAAAAAAAAAMi40LjAtdGYMAFAAAAAAAAEADAAIABgAbGF5ZXJfbmFt\
            ZXMAAAAAABMBAAAKAAAAAQEBAAAAAAACAAAAAAAAAAIAAAAAAAAAYmVydAAAAAAAAGRyb3BvdXRfMzcAAAAA\
            AQADAAEAAAAYAAAAAAAAABAAEAAAAAAAcAcAAAAAAACIAAAAAAAAAFRSRUUAAAEA////////////////////\
            /wAAAAAAAAAAkB4AAAAAAAAI
            """
        ),
        (1612, "AAAAAAAAAAAAAAAASEVBUAAAAABYAAAAAAAAABAAAAAAAAAAeAY="),
        (1652, "AAAAAAAAAAAAAAAAdGZfYmVydAABAAAAAAAAAEg="),
        (
            1732,
            """
            AAAAAAAAAAAAAAAAAQADAAEAAAAYAAAAAAAAABAAEAAAAAAAaBsAAAAAAABoAAAAAAAAAEhFQVAAAAAAWAAA\
            AAAAAAAIAAAAAAAAABgH
            """
        ),
        (1812, "AAAAAAAAAAAAAAAAAQAAAAAAAABQ"),
        (
            1892,
            """
            AAAAAAAAAAAAAAAAEQAQAAAAAAA4BAAAAAAAAFgGAAAAAAAADABoAAAAAAABAA0AFAAYAHdlaWdodF9uYW1l\
            cwAAAAAZAQEAEAAAABAAAAABAAAAAAAIAAAAAAABAQEAAAAAAAIAAAAAAAAAAgAAAAAAAAAfAAAAAAgAAAAA\
            AAADAAAAHQAAAAAIAAAAAAAAAgAAAAAAAAAAAAAAR0NPTAEAAAAAEAAAAAAAAAEAAAAAAAAACgAAAAAAAAB0\
            ZW5zb3JmbG93AAAAAAAAAgAAAAAAAAAdAAAAAAAAAHRmX2JlcnQvYmVydC9sYXllcl8uXzAvYmlhczowAAAA\
            AwAAAAAAAAAfAAAAAAAAAHRmX2JlcnQvYmVydC9sYXllcl8uXzAva2VybmVsOjAABA==
            """
        ),
        (
            2196,
            """
            AAAAAAAAAAAAAAAABQAAAAAAAAACAAAAAAAAAMOpAAAAAAAABgAAAAAAAAAFAAAAAAAAAFtQQURdAAAAAAAA\
            AAAAAAAwDw==
            """
        ),
        (
            6132,
            """
            AAAAAAAAAAAAAAAAU05PRAEAAwAIAAAAAAAAABAEAAAAAAAAAQAAAAAAAAA4BAAAAAAAAFgGAAAAAAAAEAAA\
            AAAAAADQBgAAAAAAAAEAAAAAAAAASBkAAAAAAAD4BgAAAAAAACAAAAAAAAAAiD0=
            """
        ),
        (6460, "AAAAAAAAAAAAAAAAVFJFRQAAAAD/////////////////////"),
        (
            7004,
            """
            AAAAAAAAAAAAAAAAEQAQAAAAAABIGQAAAAAAAPgGAAAAAAAADABIAAAAAAABAA0AFAAYAHdlaWdodF9uYW1l\
            cwAAAAAZAQEAEAAAABAAAAABAAAAAAAIAAAAAAABAQE=
            """
        ),
        (
            7108,
            """
            AAAAAAAAAAAAAAAAAQABAAEAAAAYAAAAAAAAABEAEAAAAAAA+BsAAAAAAAAYHgAAAAAAAFRSRUUAAAEA////\
            /////////////////wAAAAAAAAAAmCIAAAAAAAAI
            """
        ),
        (7692, "AAAAAAAAAAAAAAAASEVBUAAAAABYAAAAAAAAABAAAAAAAAAAOB4="),
        (7732, "AAAAAAAAAAAAAAAAYmVydAAAAAABAAAAAAAAAEg="),
        (7812, "AAAAAAAAAAAAAAAAU05PRAEAAQAIAAAAAAAAANAbAAAAAAAAAQAAAAAAAAD4GwAAAAAAABge"),
        (
            8140,
            """
            AAAAAAAAAAAAAAAAAQABAAEAAAAYAAAAAAAAABEAEAAAAAAAACAAAAAAAAAgIgAAAAAAAFRSRUUAAAEA////\
            /////////////////wAAAAAAAAAAoCYAAAAAAAAI
            """
        ),
        (8724, "AAAAAAAAAAAAAAAASEVBUAAAAABYAAAAAAAAABgAAAAAAAAAQCI="),
        (8764, "AAAAAAAAAAAAAAAAbGF5ZXJfLl8wAAAAAAAAAAEAAAAAAAAAQA=="),
        (8844, "AAAAAAAAAAAAAAAAU05PRAEAAQAIAAAAAAAAANgfAAAAAAAAAQAAAAAAAAAAIAAAAAAAACAi"),
        (
            9172,
            """
            AAAAAAAAAAAAAAAAAQABAAEAAAAYAAAAAAAAABEAEAAAAAAACCQAAAAAAAAoJgAAAAAAAFRSRUUAAAEA////\
            /////////////////wAAAAAAAAAA+CgAAAAAAAAI
            """
        ),
        (9756, "AAAAAAAAAAAAAAAASEVBUAAAAABYAAAAAAAAACAAAAAAAAAASCY="),
        (9796, "AAAAAAAAAAAAAAAAa2VybmVsOjAAAAAAAAAAAGJpYXM6MAAAAQAAAAAAAAA4"),
        (9876, "AAAAAAAAAAAAAAAAU05PRAEAAQAIAAAAAAAAAOAjAAAAAAAAAQAAAAAAAAAIJAAAAAAAACgm"),
        (
            10204,
            """
            AAAAAAAAAAAAAAAAAQAGAAEAAAAAAQAAAAAAAAEAKAAAAAAAAQIBAAAAAAAEAAAAAAAAAAMAAAAAAAAABAAA\
            AAAAAAADAAAAAAAAAAMAGAABAAAAESE/AAgAAAAAAEAANAsANP8DAAAAAAAABQAIAAEAAAACAwIBAAAAAAsA\
            OAABAAAAAQIAAAAAAAACAAgAAQABAHNodWZmbGUACAAAAAAAAAABAAgAAQABAGRlZmxhdGUABAAAAAAAAAAI\
            ABgAAAAAAAMCA0AqAAAAAAAAAwAAAAMAAAAIAAAAAAAAOA==
            """
        ),
        (10476, "AAAAAAAAAAAAAAAAU05PRAEAAgAYAAAAAAAAAHg8"),
        (10524, "AAAAAAAAAAAAAAAACAAAAAAAAADoJw=="),
        (10804, "AAAAAAAAAAAAAAAAVFJFRQEAAgD/////////////////////GA=="),
        (10860, "AAAAAAAAAAAAAAAAeDQAAAAAAAAUAAAAAAAAAAM="),
        (10900, "AAAAAAAAAAAAAAAAkDQ="),
        (10916, "AAAAAAAAAAAAAAAAAwAAAAAAAAADAAAAAAAAAAg="),
        (
            13420,
            """
            AAAAAAAAAAAAAAAAeF5jsIcChgMXbjx48uLNBwayAAAaGgjpeF6zt7dnAINPX75BGOQBAOX3A5oAOAC+/3sF\
            AAAAAAgAAAAAAAAGAAAAAgAAAAAIAAAAAAAABQAAAAAAAAAACAAAAAAAAAQ=
            """
        ),
        (
            15468,
            """
            AAAAAAAAAAAAAAAAAQAFAAEAAAAAAQAAAAAAAAEAGAAAAAAAAQEBAAAAAAADAAAAAAAAAAMAAAAAAAAAAwAY\
            AAEAAAARIA8AAgAAAAAAEAAKBQAKDwAAAAAAAAAFAAgAAQAAAAICAgEAAAAACAAYAAAAAAADAaQ0AAAAAAAA\
            Bg==
            """
        ),
        (15598, "AAAAAAAAAAAAAAAAiA=="),
        (
            15740,
            """
            AAAAAAAAAAAAAAAAAQAFAAEAAAAAAQAAAAAAAAEAGAAAAAAAAQEBAAAAAAADAAAAAAAAAAMAAAAAAAAAAwAY\
            AAEAAAAZAQEAEAAAABAAAAABAAAAAAAIAAAAAAAFAAgAAQAAAAICAAEAAAAACAAYAAAAAAADAao0AAAAAAAA\
            MA==
            """
        ),
        (15870, "AAAAAAAAAAAAAAAAiA=="),
        (
            16012,
            """
            AAAAAAAAAAAAAAAAAgAYAAAAAAAAAP////////////////////8AAAAAAAAKAAgAAQAAAAAAAAAAAAAABgAQ\
            AAAAAAABAARiZXJ0EAQAAAAAAAAABgAYAAAAAAABAApkcm9wb3V0XzM30AYAAAAAAAAAAAAGABgAAAAAAAEA\
            CnZvY2FidWxhcnmIPQAAAAAAAAAAAAYAIAAAAAAAAQhACWVsc2V3aGVyZQ0AAG90aGVyLmg1AC94AAAAAAAG\
            ABgAAAAAAAEIAQdub3doZXJlBQAvbm9uZQ==
            """
        ),
    ]
}
