-- A page of docs/ as a manual page:
--
--     pandoc -s -f gfm -t man --lua-filter man.lua -M title=... -M section=... -M summary=... -M see=...
--
-- Its heading becomes NAME, code right below that SYNOPSIS. Of a link there is only what it is called, and a table
-- becomes a list of its rows, as a terminal is narrow.

local stringify = pandoc.utils.stringify

-- What the column is called stands before each of its cells, where it is called anything.
local function labelled(cell, head)
    local title = head and stringify(head) or ''
    if title ~= '' then
        table.insert(cell[1].content, 1, pandoc.Str(title .. ': '))
    end
    return cell
end

local function row_as_item(heads, row)
    local definition = {}
    for column = 2, #row do
        if #row[column] > 0 then
            for _, block in ipairs(labelled(row[column], heads[column])) do
                table.insert(definition, block)
            end
        end
    end
    return { #row[1] > 0 and row[1][1].content or {}, { definition } }
end

local function as_list(whole)
    local simple = pandoc.utils.to_simple_table(whole)
    local items = {}
    for _, row in ipairs(simple.rows) do
        table.insert(items, row_as_item(simple.headers, row))
    end
    return pandoc.DefinitionList(items)
end

local function without_link(link)
    return link.content
end

local function section(name)
    return pandoc.Header(1, { pandoc.Str(name) })
end

local function line(...)
    return pandoc.Para({ pandoc.Str(table.concat({ ... })) })
end

function Pandoc(document)
    local meta = document.meta
    local blocks = { section('NAME'), line(stringify(meta.title), ' - ', stringify(meta.summary)) }
    local introduction = false
    for index, block in ipairs(document.blocks) do
        if block.t == 'Header' then
            introduction = block.level == 1
            if not introduction then
                table.insert(blocks, pandoc.Header(block.level - 1, block.content))
            end
        else
            if introduction then
                local synopsis = index == 2 and block.t == 'CodeBlock'
                table.insert(blocks, section(synopsis and 'SYNOPSIS' or 'DESCRIPTION'))
                introduction = synopsis
            end
            table.insert(blocks, block)
        end
    end
    table.insert(blocks, section('SEE ALSO'))
    table.insert(blocks, line(stringify(meta.see)))
    return pandoc.Pandoc(blocks, meta):walk({ Link = without_link, Table = as_list })
end
